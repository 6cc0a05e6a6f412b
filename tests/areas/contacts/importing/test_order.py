"""The rows of a file do what they would do one by one, each in a file of its own."""

import random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.areas.contacts.asking import contacts_of, create_attribute
from tests.areas.contacts.contact_model import KEYS, ContactModel
from tests.areas.contacts.imports import imported, job_of, work_off_imports
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.world.world import Account, Member

_VALUES = {
    "externalId": ["1", "2", "3", "4", "5"],
    "email": [f"{name}@example.com" for name in ("ada", "bo", "cy", "dee", "eve")],
    "phone": [f"+4670123456{number}" for number in range(5)],
}
_FILES = 3
_ROWS = 25

_Row = dict[str, str]


def _file(chance: random.Random) -> list[_Row]:
    return [
        {name: chance.choice(values) for name, values in _VALUES.items() if chance.random() < 0.55}
        for _ in range(_ROWS)
    ]


class _Expected:
    """What the files make of an empty account, row by row. `number`: the row that changed a contact last."""

    def __init__(self) -> None:
        self.model = ContactModel()
        self.numbers: dict[int, str] = {}
        self.made = {"CREATED": 0, "UPDATED": 0, "UNCHANGED": 0}
        self.refused: list[int] = []

    def take(self, line: int, row: _Row, number: str) -> None:
        (outcome,) = self.model.upsert([dict(row)])
        if outcome not in self.made:
            self.refused.append(line)
            return
        (one,) = [one for one in self.model.known if any(one.has(name, value) for name, value in row.items())]
        # The attribute changes with each row.
        self.made["CREATED" if outcome == "CREATED" else "UPDATED"] += 1
        self.numbers[id(one)] = number

    def contacts(self) -> list[tuple[object, ...]]:
        return sorted(
            ((*(one.values[name] for name in KEYS), self.numbers[id(one)]) for one in self.model.known),
            key=str,
        )


_FOUND = """query ($id: ID!, $n: String!) { account(id: $id) {
  contacts(attribute: "n", value: $n) { nodes { id } } } }"""


@pytest.mark.parametrize("seed", seeds(4))
async def test_rows_of_a_file_are_stored_as_if_each_came_by_itself(
    api: Api, account: Account, owner: Member, application: AsyncEngine, seed: int
) -> None:
    chance, expected = random.Random(seed), _Expected()
    await create_attribute(api, owner, account, "n", "TEXT")
    for file in range(_FILES):
        expected.made, expected.refused = dict.fromkeys(expected.made, 0), []
        lines = ["externalId,email,phone,n"]
        for place, row in enumerate(_file(chance)):
            number = f"{file}-{place}"
            lines.append(",".join([*(row.get(name, "") for name in KEYS), number]))
            expected.take(place + 2, row, number)
        job_id = await imported(api, owner, account, "\n".join(lines))
        await work_off_imports(application, account)
        job = await job_of(api, owner, job_id)
        assert [error["line"] for error in job["errors"]["nodes"]] == expected.refused, lines
        assert (job["created"], job["updated"]) == (expected.made["CREATED"], expected.made["UPDATED"])
        stored = await contacts_of(api, owner, account)
        shown = [(one["externalId"], one["email"], one["phone"], one["attributes"]["n"]) for one in stored]
        assert sorted(shown, key=str) == expected.contacts()
    for one in stored:
        found = await api.read(_FOUND, owner, id=account.id, n=one["attributes"]["n"])
        assert [each["id"] for each in found["account"]["contacts"]["nodes"]] == [one["id"]]


async def test_the_last_of_many_rows_about_one_contact_wins(
    api: Api, account: Account, owner: Member, application: AsyncEngine
) -> None:
    await create_attribute(api, owner, account, "n", "TEXT")
    rows = "".join(f"E1,e@example.com,{number}\n" for number in range(300))
    job_id = await imported(api, owner, account, f"externalId,email,n\n{rows}")
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["created"], job["updated"], job["refused"]) == (1, 299, 0)
    (one,) = await contacts_of(api, owner, account)
    assert (one["attributes"], one["version"]) == ({"n": "299"}, 300)
