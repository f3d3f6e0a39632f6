"""The command line as a person or a script uses it, in a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paper import pdf, typeset

ROOT = Path(__file__).parents[1]


def dalil(
    *arguments: str | Path, stdin: str = "", cwd: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `dalil`; the sentence reader unless a test asks otherwise, because it starts at once."""
    environment = {
        "PATH": os.environ["PATH"],
        "HF_HUB_OFFLINE": "1",
        "PYTHONIOENCODING": "ascii",
        "DALIL_READER": "sentences",
    }
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *map(str, arguments)],
        input=stdin, capture_output=True, text=True, encoding="utf-8", cwd=cwd or ROOT, timeout=300, check=False,
        env=environment | {"PYTHONPATH": str(ROOT)} | settings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the seeds."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    done = dalil("index", ROOT / "seeds", "--index", folder)
    assert done.returncode == 0, done.stderr
    assert "5 added, 0 updated, 0 renamed, 0 removed, 0 unchanged, 0 unreadable" in done.stderr
    assert done.stdout == ""
    return folder


def test_help_names_every_command() -> None:
    done = dalil("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("index", "ask", "search", "chat", "doctor"))


def test_asking_many_gives_one_json_object_a_line(folder: Path) -> None:
    questions = [
        "كم دبابة أعطبها الثوار في مصراتة؟",
        "",
        "متى اخترع جراهام بيل الهاتف؟",
        "؟؟؟",
        "كَم دبّابة أعطبها الثُّوّار في مصراته",
    ]
    done = dalil("ask", "-", "--json", "--index", folder, stdin="\n".join(questions))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["question"] for line in lines] == [q for q in questions if q]
    assert "أربع" in lines[0]["answer"]
    assert lines[1]["answered"] is False
    assert lines[1]["evidence"]
    assert "no words" in lines[2]["error"]
    assert lines[3]["answer"] == lines[0]["answer"]
    assert done.returncode == 1  # one of them could not be asked


def test_without_an_index_the_seeds_are_indexed_first(tmp_path: Path) -> None:
    done = dalil("ask", "من هو آمر حرس المنشآت النفطية؟", "--json", cwd=tmp_path)
    assert "building one from seeds/" in done.stderr
    assert json.loads(done.stdout)["citations"][0]["path"] == "004_1043952476b01f1e.txt"
    assert "building" not in dalil("ask", "من هو آمر حرس المنشآت النفطية؟", cwd=tmp_path).stderr


def test_a_person_reads_answer_place_and_context(folder: Path) -> None:
    shown = dalil("ask", "كم دبابة أعطبها الثوار في مصراتة؟", "--index", folder).stdout
    assert "أربع دبابات" in shown.splitlines()[0]
    assert "«أربع دبابات»" in shown
    assert "002_ae9e9b4a8314f8a4.txt" in shown
    assert "\x1b[" not in shown  # no colours into a pipe


def test_columns_of_a_table_are_chosen_and_the_page_of_a_pdf_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("body,headline\nافتتح الوزير ميناء سرت صباح السبت.,خبر الميناء\n", encoding="utf-8")
    (tmp_path / "b.pdf").write_bytes(pdf([[], list(typeset("افتتح الرئيس مطار مصراتة مساء الأحد".split()))]))
    done = dalil("index", tmp_path, "--index", tmp_path / "i", "--columns", "text=body,title=headline")
    assert (done.returncode, "2 added" in done.stderr) == (0, True), done.stderr
    shown = dalil("search", "مطار مصراتة", "--json", "--top-k", "1", "--index", tmp_path / "i").stdout
    assert json.loads(shown)["page"] == 2
    assert "b.pdf p. 2" in dalil("search", "مطار مصراتة", "--index", tmp_path / "i").stdout
    refused = dalil("index", tmp_path, "--index", tmp_path / "i", "--columns", "body")
    assert (refused.returncode, "cannot be read at 'body'" in refused.stderr) == (1, True)


def test_search_explains_every_rank(folder: Path) -> None:
    done = dalil("search", "موانئ النفط", "--json", "--top-k", "3", "--index", folder)
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert [hit["n"] for hit in hits] == [1, 2, 3]
    assert hits[0]["explain"]["lexical"]["matched"]
    assert hits[0]["score"] >= hits[1]["score"] >= hits[2]["score"]


def test_filters_keep_to_date_and_source(folder: Path) -> None:
    asked = ("search", "حفتر", "--json", "--index", folder)
    by_date = dalil(*asked, "--from", "2016-01-01", "--to", "2016-12-31").stdout.splitlines()
    assert {json.loads(line)["path"] for line in by_date} == {"004_1043952476b01f1e.txt"}
    by_source = dalil(*asked, "--source", "الخليج الجديد + الأناضول").stdout.splitlines()
    assert {json.loads(line)["path"] for line in by_source} == {"001_af682284de1024ff.txt"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", "؟!"), "no words"),
        (("ask", "كلمة " * 400), "at most 1,000"),
        (("ask", "من؟ حفتر", "--from", "أمس"), "2019-04-05"),
        (("ask", "من هو حفتر؟", "--encoder", "no/such-model"), "no/such-model"),
        (("ask", "من هو حفتر؟", "--reader", "no/such-reader"), "no/such-reader"),
    ],
)
def test_errors_are_one_message_for_the_person_who_reads_it(
    folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = dalil(*arguments, "--index", folder)
    assert done.returncode == 1
    assert done.stderr.startswith("dalil: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_sources_that_differ_and_why_there_is_no_answer_are_told(tmp_path: Path) -> None:
    told = {
        "a": "أعلن مصدر أن 30 جنديا أسروا في معركة الزاوية.",
        "b": "قال شاهد إن عشرين جنديا أسروا في معركة الزاوية.",
    }
    for name, text in told.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    dalil("index", tmp_path, "--index", tmp_path / "index")
    asked = dalil("ask", "كم جنديا أسر في معركة الزاوية؟", "--index", tmp_path / "index", DALIL_READER="").stdout
    assert asked.index("[1]") < asked.index("المصادر مختلفة") < asked.index("[2]")
    nothing = dalil("ask", "لماذا السماء زرقاء؟", "--index", tmp_path / "index").stdout
    assert "None of the question's words" in nothing


def test_a_bad_file_is_named_and_the_rest_go_on(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("وصل الوزير إلى دمشق مساء الأربعاء.", encoding="utf-8")
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "picture.txt").write_bytes(bytes(range(256)) * 8)
    done = dalil("index", tmp_path, "--index", tmp_path / "index")
    assert done.returncode == 1
    assert "1 added, 0 updated, 0 renamed, 0 removed, 0 unchanged, 2 unreadable" in done.stderr
    assert "empty.txt" in done.stderr
    assert "picture.txt" in done.stderr


def test_indexing_again_skips_what_did_not_change(tmp_path: Path) -> None:
    file = tmp_path / "خبر.txt"
    file.write_text("وصل الوزير إلى دمشق مساء الأربعاء.", encoding="utf-8")
    (tmp_path / "آخر.txt").write_text("غادر الوفد بيروت صباح الخميس.", encoding="utf-8")
    folder = tmp_path / "index"
    dalil("index", tmp_path, "--index", folder)
    file.write_text("وصل الوزير إلى بغداد مساء الأربعاء.", encoding="utf-8")
    assert "0 added, 1 updated, 0 renamed, 0 removed, 1 unchanged" in dalil("index", tmp_path, "--index", folder).stderr
    found = dalil("search", "وصل الوزير", "--json", "--index", folder).stdout
    assert "بغداد" in found
    assert "دمشق" not in found


def test_doctor_says_what_is_there_and_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    healthy = dalil("doctor", "--index", folder)
    assert healthy.returncode == 0, healthy.stdout
    assert "5 documents" in healthy.stdout
    (fingerprint,) = re.findall(r"fingerprint .*: ([0-9a-f]{64})$", healthy.stdout, re.MULTILINE)
    asked = dalil("ask", "من هو حفتر؟", "--json", "--index", folder)
    assert json.loads(asked.stdout)["index"]["fingerprint"] == fingerprint
    damaged = Path(shutil.copytree(folder, tmp_path / "damaged"))
    (damaged / "vectors.faiss").write_bytes(b"no vectors")
    told = dalil("doctor", "--index", damaged)
    assert told.returncode == 1
    assert f"{damaged / 'vectors.faiss'}: vectors.faiss is not the file that was written" in told.stdout
    assert f"dalil index --repair --index {damaged}" in told.stdout
    missing = dalil("doctor", "--index", tmp_path / "none")
    assert missing.returncode == 1
    assert "dalil index" in missing.stdout


def test_settings_come_from_the_environment_under_the_flag(folder: Path, tmp_path: Path) -> None:
    asked = ("search", "حفتر", "--json")
    assert len(dalil(*asked, DALIL_INDEX=str(folder), DALIL_TOP_K="2").stdout.splitlines()) == 2
    both = dalil(*asked, "--top-k", "3", "--index", folder, DALIL_INDEX=str(tmp_path / "x"), DALIL_TOP_K="2")
    assert len(both.stdout.splitlines()) == 3
