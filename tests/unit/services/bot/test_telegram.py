"""aiogram comes through one module, which builds only what is used."""

import ast
import subprocess
import sys
from pathlib import Path

import usecase_bot
from usecase_bot import telegram
from usecase_bot.telegram import InlineKeyboardButton, InlineKeyboardMarkup, Response, Update, methods

SOURCE = Path(usecase_bot.__file__).parent


def test_no_other_module_imports_aiogram() -> None:
    importing = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            importing |= {path.name for name in names if name.split(".")[0] == "aiogram"}
    assert importing == {"telegram.py"}


def test_what_it_passes_on_is_used() -> None:
    used = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "usecase_bot.telegram":
                used |= {each.name for each in node.names}
    assert set(telegram.__all__) - used == set()


def test_types_that_nobody_uses_are_not_built() -> None:
    code = (
        "import usecase_bot.telegram as t; from aiogram.methods import SendInvoice;"
        "print(t.Update.__pydantic_complete__, SendInvoice.__pydantic_complete__)"
    )
    path = {"PYTHONPATH": str(SOURCE.parent)}
    ran = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False"]


def test_updates_calls_and_answers_can_be_read_and_written() -> None:
    person = {"id": 5, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "from": person, "text": "hi"}
    update = Update.model_validate({"update_id": 1, "message": message})
    assert update.message is not None
    assert update.message.text == "hi"
    buttons = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="a", callback_data="b")]])
    assert methods.SendMessage(chat_id=5, text="x", reply_markup=buttons).reply_markup == buttons
    answer = Response[methods.SendMessage.__returning__].model_validate({"ok": True, "result": message})
    assert answer.result.message_id == 1
