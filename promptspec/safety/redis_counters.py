"""Counters in Redis, shared by all processes that name the same one. A script of its own asks and adds at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from promptspec.errors import LedgerUnavailable
from promptspec.safety.counters import PARTS, Taken, Use

#: Seconds that a server may take to connect, and to answer.
_PATIENCE: Final = 2.0

#: KEYS: one hash a use, of what was used by the number of the part of time. ARGV: the moment, -1 for the server's own;
#: 1 to count, 0 to ask; then of each use its period, what may be used, and what is to be.
#: Returns the place of the first use without room, from 0, or -1; and the moment.
_TAKE: Final = """
local at = tonumber(ARGV[1])
if at < 0 then
    local time = redis.call('TIME')
    at = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local over = {}
for place, key in ipairs(KEYS) do
    local period, most, amount = tonumber(ARGV[3 * place]), tonumber(ARGV[3 * place + 1]), tonumber(ARGV[3 * place + 2])
    local first = math.floor((at - period) / (period / PARTS))
    local used = 0
    over[place] = {}
    local found = redis.call('HGETALL', key)
    for at_field = 1, #found, 2 do
        if tonumber(found[at_field]) >= first then
            used = used + tonumber(found[at_field + 1])
        else
            table.insert(over[place], found[at_field])
        end
    end
    if used + amount > most then
        return {place - 1, at}
    end
end
if ARGV[2] == '1' then
    for place, key in ipairs(KEYS) do
        local period = tonumber(ARGV[3 * place])
        local width = period / PARTS
        for _, slot in ipairs(over[place]) do
            redis.call('HDEL', key, slot)
        end
        redis.call('HINCRBY', key, string.format('%d', math.floor(at / width)), ARGV[3 * place + 2])
        redis.call('PEXPIRE', key, period + 2 * width)
    end
end
return {-1, at}
""".replace("PARTS", str(PARTS))

#: KEYS: one hash a use. ARGV: of each use the number of the part of time, and what is to be added.
_CORRECT: Final = """
for place, key in ipairs(KEYS) do
    if redis.call('HEXISTS', key, ARGV[2 * place - 1]) == 1 then
        redis.call('HINCRBY', key, ARGV[2 * place - 1], ARGV[2 * place])
    end
end
"""


class RedisCounters:
    """Counters in the Redis at *url*, which is reached when it is first asked. TLS is `rediss://`.

    It goes by the server's clock, unless it has *own_clock* false, for tests.
    """

    def __init__(self, url: str, *, own_clock: bool = True) -> None:
        client: Any = None
        try:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.exceptions import ConnectionError as Lost
            from redis.retry import Retry
        except ModuleNotFoundError:
            problem = "counters in Redis need its client: install `promptspec[redis]`"
        else:
            problem = "the address of the counters is no address of Redis"
            # A connection that the server had closed is made once more; what took too long is not sent again.
            retry = Retry(NoBackoff(), 1, supported_errors=(Lost,))
            try:
                client = cast("Any", Redis).from_url(
                    url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=retry
                )
            except (ValueError, TypeError):
                client = None
        # Raised out here: the address, which may hold a password, would hang on the exception as its context.
        if client is None:
            raise LedgerUnavailable(problem)
        self._take: Any = client.register_script(_TAKE)
        self._correct: Any = client.register_script(_CORRECT)
        self._client = client
        self._own_clock = own_clock

    @property
    def is_near(self) -> bool:
        """It is a server."""
        return False

    def full(self, uses: Sequence[Use], at: int) -> int | None:
        """Return the first of *uses* that has no room."""
        place, _ = self._asked(uses, at, count=False)
        return place if place >= 0 else None

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Count all of *uses*, or none, in one script that nothing runs beside."""
        place, at = self._asked(uses, at, count=True)
        return place if place >= 0 else Taken(tuple(uses), at)

    def correct(self, taken: Taken, amounts: Sequence[int]) -> None:
        """Put *amounts* in the place of what was taken."""
        changes = [
            part
            for use, amount in zip(taken.uses, amounts, strict=True)
            for part in (use.slot(taken.at), amount - use.amount)
        ]
        _run(self._correct, taken.uses, changes)

    def _asked(self, uses: Sequence[Use], at: int, *, count: bool) -> tuple[int, int]:
        wanted = [part for use in uses for part in (use.period_ms, use.most, use.amount)]
        moment = -1 if self._own_clock else at
        place, moment = _run(self._take, uses, [moment, int(count), *wanted])
        return int(place), int(moment)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _keys(uses: Sequence[Use]) -> list[str]:
    """Return the keys of *uses*. In a cluster one script reaches keys of one slot only, which `{…}` decides."""
    return [f"promptspec:{{limits}}:{use.name}" for use in uses]


def _run(script: Any, uses: Sequence[Use], arguments: Sequence[int]) -> Any:
    """Run *script* on the counters of *uses*. Raises LedgerUnavailable, without a word of the address."""
    from redis.exceptions import RedisError

    try:
        return script(keys=_keys(uses), args=arguments)
    except (RedisError, OSError) as error:
        failure = LedgerUnavailable(f"the counters cannot be reached: {type(error).__name__}")
    # Raised out here, so that the client's error does not hang on the exception as its context.
    raise failure
