"""The ledger of claims: what ships is whole, its record agrees with the quick keys, and its pages say what is in it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crosscurrent.cli.app import app
from crosscurrent.jobs.claims import (
    RECORD,
    Page,
    Recorded,
    confirmed,
    ledger,
    ledger_html,
    ledger_markdown,
    load_record,
    summary,
    values_of,
)
from crosscurrent.jobs.reference import (
    Check,
    Claim,
    load_claims,
    load_reference,
    paper_folder,
    paper_keys,
    papers_root,
)
from crosscurrent.jobs.reproduce import reproduce
from crosscurrent.units import InputError

PAPERS = ("feng", "ferron", "kim", "liu2023")
SECONDS = {key: load_reference(paper_folder(key)).seconds for key in paper_keys()}
#: Seconds of a key that is computed again here.
FAST_SECONDS = 3.0
FAST = [key for key, seconds in SECONDS.items() if seconds <= FAST_SECONDS]
CLAIMS = [
    (key, claim) for key in paper_keys() for claim in load_claims(paper_folder(key), load_reference(paper_folder(key)))
]
ARITHMETIC = [
    pytest.param(claim, id=f"{key}: {claim.where}") for key, claim in CLAIMS if claim.command.startswith("python -c")
]


def agrees(check: Check, found: float | str, recorded: float | str) -> bool:
    """Whether a value is the recorded one: within the tolerance of its check, or 1 % where that is a bound."""
    if isinstance(found, str) or isinstance(recorded, str) or isinstance(check.value, str):
        return found == recorded
    scale = abs(check.value)
    allowed = max(check.atol, check.rtol * scale) if check.relation == "equal" else 0.01 * max(scale, abs(recorded))
    return abs(found - recorded) <= max(allowed, 1e-9 * abs(recorded))


@pytest.fixture(scope="module")
def pages() -> tuple[Page, ...]:
    return ledger([paper_folder(key) for key in paper_keys()], load_record(papers_root() / RECORD))


# ------------------------------------------------------------------------------------------------ what ships
def test_claims_of_all_papers(pages: tuple[Page, ...]) -> None:
    assert len(CLAIMS) >= 150
    assert all(count >= 10 for count in summary(pages).values())
    assert all(sum(key.startswith(paper) for key, _ in CLAIMS) >= 20 for paper in PAPERS)
    assert all(page.claims for page in pages)
    texts = [(key, claim.text) for key, claim in CLAIMS]
    assert len(set(texts)) == len(texts)
    assert all(claim.where and claim.text and claim.why for _, claim in CLAIMS)


def test_every_key_says_how_long_it_takes() -> None:
    assert all(seconds > 0 for seconds in SECONDS.values())
    assert sum(SECONDS[key] for key in FAST) < 20
    assert sum(key in FAST and bool(claim.checks) for key, claim in CLAIMS) >= 30


def test_every_claim_is_confirmed_by_the_record(pages: tuple[Page, ...]) -> None:
    """A verdict that its recorded numbers do not bear out, or a check that was never run, would show here."""
    bad = [
        (page.key, claim.text) for page in pages for claim in page.claims if claim.checks and not confirmed(page, claim)
    ]
    assert bad == []
    for page in pages:
        assert page.recorded is not None
        assert set(page.recorded.values) == {check.name for check in page.reference.check}


@pytest.mark.parametrize("key", FAST)
def test_quick_keys_agree_with_the_record(key: str, tmp_path: Path) -> None:
    report = reproduce(papers_root() / key, tmp_path)
    recorded = load_record(papers_root() / RECORD)[key].values
    assert report.passed
    differ = [o.check.name for o in report.outcomes if not agrees(o.check, o.found, recorded[o.check.name])]
    assert differ == []


@pytest.mark.parametrize("claim", ARITHMETIC)
def test_arithmetic_of_the_papers(claim: Claim) -> None:
    """The commands that are one line of Python print what the ledger says."""
    command = shlex.split(claim.command)
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == claim.ours


def test_other_commands_name_files_and_tests_that_exist(repository: Path) -> None:
    commands = [claim.command for _, claim in CLAIMS if claim.command and not claim.command.startswith("python -c")]
    assert commands
    for command in commands:
        words = shlex.split(command)
        path = repository / words[1]
        assert words[0] in ("pytest", "python") and path.is_file()
        if "-k" in words:
            names = re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
            for wanted in words[words.index("-k") + 1].split(" or "):
                assert any(wanted in name for name in names), (command, wanted)


# ------------------------------------------------------------------------------------------------ the pages
def test_markdown_has_every_claim(pages: tuple[Page, ...]) -> None:
    text = ledger_markdown(pages)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    # a cell ends at a bar that no backslash escapes; a table of claims has five
    cells = [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows]
    assert {len(row) for row in cells} == {2, 5}
    verdicts = [row[2].strip(" *") for row in cells if len(row) == 5 and row[2].strip() != "verdict"]
    assert verdicts == [claim.verdict for _, claim in CLAIMS]
    assert f"| **all** | **{len(CLAIMS)}** |" in text
    assert (
        "NOT CONFIRMED" not in text
        and "not computed yet" not in text
        and "missing" not in text.replace("missing from", "")
    )
    assert all(f"crosscurrent reproduce {key}" in text for key in paper_keys())


def test_html_is_one_whole_page(pages: tuple[Page, ...]) -> None:
    text = ledger_html(pages)
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert text.count("<tr>") == text.count("</tr>") == len(CLAIMS) + len(pages)
    assert "k l &lt;&lt; 1" in text
    assert not re.search(r"(src|href)=", text)


def wrong(page: Page, name: str, value: float) -> Page:
    assert page.recorded is not None
    return replace(page, recorded=Recorded(version="0", date="2000-01-01", values=page.recorded.values | {name: value}))


def test_a_wrong_value_takes_the_verdict_with_it(pages: tuple[Page, ...]) -> None:
    page = next(p for p in pages if p.key == "kim-fig3")
    claim = next(c for c in page.claims if "b: k along the spin" in c.checks)
    assert confirmed(page, claim) is True
    broken = wrong(page, "b: k along the spin", 0.5)
    assert confirmed(broken, claim) is False
    assert "b: k along the spin: 0.5" in values_of(broken, claim)
    assert "NOT CONFIRMED" in ledger_markdown((broken,))
    unknown = replace(page, recorded=None)
    assert confirmed(unknown, claim) is None
    assert values_of(unknown, claim) == "not computed yet"


@pytest.mark.parametrize(
    ("relation", "found", "recorded", "same"),
    [
        ("equal", 1.009, 1.0, True),
        ("equal", 1.011, 1.0, False),
        ("above", 50.4, 50.0, True),
        ("above", 51.0, 50.0, False),
        ("below", 1e-17, 3e-17, True),
    ],
)
def test_agreement_with_the_record(relation: str, found: float, recorded: float, same: bool) -> None:
    check = Check(job="j", variable="v", value=1.0, source="", rtol=0.01, relation=relation)  # type: ignore[arg-type]
    assert agrees(check, found, recorded) is same


def test_labels_agree_as_they_stand() -> None:
    check = Check(job="j", variable="v", value="none", source="")
    assert agrees(check, "none", "none") and not agrees(check, "none", "uniform")


# ------------------------------------------------------------------------------------------------ the command
JOB = """
response = "anomalous_hall"
[model]
material = "hole-gas-gaas"
[anomalous_hall]
mu = 0.01
mu_from = "reference"
[zone]
method = "polar"
radial = 8
angular = 4
"""
REFERENCE = """
title = "A toy paper"
paper = "Somebody, Journal 1, 1 (2000)"
seconds = {seconds}
[[check]]
name = "sum rule"
job = "holes"
variable = "conductivity"
select = {{ current = "x", field = "x" }}
value = 0.0
atol = 1e-9
source = "symmetry"
"""
CLAIM = """
[[claim]]
where = "Eq. (1)"
text = "The diagonal part vanishes."
verdict = "reproduces"
why = "For every a|b."
checks = ["sum rule"]
"""


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    for name, seconds in (("toy-fig1", 2), ("toy-fig2", 200)):
        folder = tmp_path / "papers" / name
        folder.mkdir(parents=True)
        (folder / "holes.toml").write_text(JOB)
        (folder / "reference.toml").write_text(REFERENCE.format(seconds=seconds))
        (folder / "claims.toml").write_text(CLAIM)
    return tmp_path / "papers"


def call(toys: Path, *arguments: str) -> Result:
    fixed = ["--papers", str(toys), "--quiet", "-o", str(toys.parent / "out")]
    return CliRunner().invoke(app, ["reproduce", *arguments, *fixed])


def test_report_of_one_key(toys: Path) -> None:
    page = toys.parent / "one.md"
    assert call(toys, "toy-fig1", "--report", str(page)).exit_code == 0
    text = page.read_text()
    assert "| Eq. (1) | The diagonal part vanishes. | **reproduces** | sum rule: 0 | For every a\\|b. |" in text
    assert "Values computed with version" in text
    assert "toy-fig2" not in text


def test_all_says_how_long_and_fast_leaves_the_slow_ones_out(toys: Path) -> None:
    page = toys.parent / "all.html"
    done = call(toys, "--all", "--fast", "--report", str(page))
    assert done.exit_code == 0, done.output
    assert "1 keys, about 1 minutes on one core" in done.stderr
    assert "left out: toy-fig2, about 3 minutes" in done.stderr
    assert not (toys.parent / "out" / "toy-fig2").exists()
    assert "Nothing is recorded for this key yet." in page.read_text()
    everything = call(toys, "--all")
    assert "2 keys, about 3 minutes on one core" in everything.stderr
    assert "slow: toy-fig2" in everything.stderr
    assert (toys.parent / "out" / "toy-fig2" / "holes.nc").is_file()


def test_record_keeps_the_keys_that_were_not_run(toys: Path) -> None:
    record = toys / RECORD
    assert call(toys, "toy-fig2", "--report", str(record)).exit_code == 0
    assert list(json.loads(record.read_text())) == ["toy-fig2"]
    before = record.read_text()
    assert call(toys, "toy-fig1", "--report", str(record)).exit_code == 0
    assert list(load_record(record)) == ["toy-fig1", "toy-fig2"]
    assert json.loads(record.read_text())["toy-fig2"] == json.loads(before)["toy-fig2"]
    page = toys.parent / "ledger.md"
    shutil.rmtree(toys.parent / "out")
    assert call(toys, "--all", "--fast", "--report", str(page)).exit_code == 0
    assert "Values computed with" in page.read_text() and "Values recorded with" in page.read_text()


@pytest.mark.parametrize(
    "arguments",
    [("toy-fig1", "--fast"), ("--list", "--report", "a.md"), ("toy-fig1", "--report", "a.txt")],
    ids=" ".join,
)
def test_options_that_do_not_fit(toys: Path, arguments: tuple[str, ...]) -> None:
    assert call(toys, *arguments).exit_code == 2


def test_a_record_that_is_none(tmp_path: Path) -> None:
    assert load_record(tmp_path / "nothing.json") == {}
    for text in ("{", "[]", '{"a": {"version": "1", "date": "d", "values": {"x": []}}}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match="this is no record of claims"):
            load_record(tmp_path / "bad.json")
