"""Which files are taken: by size, by type, and only if the name does not say another type (R27)."""

import pytest

from usecase_bot.files import DEFAULT_TYPES, LONGEST_NAME, SentFile, TooLarge, TypeRefused, accept

LIMIT = 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("report.pdf", "application/pdf"),
        ("photo.JPG", "image/jpeg"),
        ("notes", "text/plain"),
        (None, "image/png"),
        ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_allowed_files_are_described(name: str | None, kind: str) -> None:
    file = accept(SentFile("id", name, kind, LIMIT), max_size=LIMIT, types=DEFAULT_TYPES)
    assert (file.content_type, file.size, file.telegram_file_id) == (kind, LIMIT, "id")
    assert file.filename


@pytest.mark.parametrize(
    ("name", "kind"),
    [("run.exe", "application/x-msdownload"), ("run.exe", "image/png"), ("page.html", "text/plain"), ("x", None)],
)
def test_other_types_are_refused(name: str, kind: str | None) -> None:
    with pytest.raises(TypeRefused):
        accept(SentFile("id", name, kind, 1), max_size=LIMIT, types=DEFAULT_TYPES)


def test_a_byte_too_much_is_too_large() -> None:
    with pytest.raises(TooLarge):
        accept(SentFile("id", "report.pdf", "application/pdf", LIMIT + 1), max_size=LIMIT, types=DEFAULT_TYPES)


def test_of_a_long_name_the_end_is_kept() -> None:
    file = accept(SentFile("id", "x" * 300 + ".pdf", "application/pdf", 1), max_size=LIMIT, types=DEFAULT_TYPES)
    assert (len(file.filename), file.filename[-4:]) == (LONGEST_NAME, ".pdf")
