"""`python -m crosscurrent` is the command `crosscurrent`."""

from crosscurrent.cli import main

if __name__ == "__main__":
    main()
