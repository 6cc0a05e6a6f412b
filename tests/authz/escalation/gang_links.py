"""What a gang tries of the links between the accounts: whatever it is let in by must not outlive it."""

from sqlalchemy import select

from models.accounts.tables import ParentAccess, accounts
from models.base.ids import Kind, parse
from tests.authz.escalation.gang import Gang
from tests.authz.escalation.gang_steps import Step, StepKind
from tests.authz.escalation.outcomes import DONE
from tests.client.api import Caller
from tests.client.links import end_all_openings

_MODES = list(ParentAccess)


class LinkedGang(Gang):
    """A gang that also changes what passes down, and breaks glass."""

    async def take(self, step: Step) -> str:
        """Try it. What became of it."""
        actor = self.callers[step.actor % len(self.callers)]
        match step.kind:
            case StepKind.RAISE:
                return await self._raise(actor, step)
            case StepKind.ANSWER:
                return await self._answer(actor, step)
            case StepKind.BREAK_GLASS:
                values = {"accountId": self._account(step), "reason": "Fire", "hours": 1}
                return (await self._ask(actor, "breakGlassOpen", values))[0]
        return await super().take(step)

    async def gains(self) -> list[tuple[str, str, list[str]]]:
        """What anybody of the gang holds, once the glass is whole again, beyond what the principal held at
        the start."""
        await end_all_openings(self._world, self._master)
        return await super().gains()

    async def _raise(self, actor: Caller, step: Step) -> str:
        account = self._account(step)
        version = select(accounts.c.version).where(accounts.c.id == parse(Kind.ACCOUNT, account))
        values = {"accountId": account, "parentAccess": self._mode(step), "reason": "Because"}
        async with self._world.database.connect() as connection:
            values["expectedVersion"] = (await connection.execute(version)).scalar_one()
        return (await self._ask(actor, "parentAccessUpdate", values))[0]

    async def _answer(self, actor: Caller, step: Step) -> str:
        """What another one of the gang asks for."""
        became = await self._raise(self.callers[step.target % len(self.callers)], step)
        if became != DONE:
            return became
        values = {"accountId": self._account(step), "parentAccess": self._mode(step), "accept": True}
        return (await self._ask(actor, "parentAccessAnswer", values))[0]

    def _mode(self, step: Step) -> str:
        """Mostly FULL, by which most could be gained."""
        return _MODES[step.target % len(_MODES) if step.permissions is None else 0].value
