"""The simulated outbreaks, surges and turns of mood that detection methods are compared on, and the market of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from squall.core.errors import ConfigurationError

ScenarioKind = Literal["outbreak", "surge", "turn"]
Shape = Literal["step", "ramp", "decay"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of market and one kind of event in it.

    Attributes:
        size: of an outbreak, in standard deviations; of a surge, the factor on volume; of a turn, the factor on the negative share.
        minutes: how long it lasts.
        levels: least and greatest mean of negative documents per bucket; series are spread between them evenly in the logarithm.
        trend: growth of the level over thirty days.
        weekend: level of Saturdays and Sundays.
        dispersion: α of how much a bucket holds, variance μ + α μ²; negative documents scatter a little more.
        polluted: whether the history holds outbreaks as well.
    """

    name: str
    description: str
    kind: ScenarioKind = "outbreak"
    size: float = 3.0
    minutes: int = 60
    shape: Shape = "step"
    levels: tuple[float, float] = (5.0, 100.0)
    trend: float = 0.0
    weekend: float = 0.4
    dispersion: float = 0.1
    polluted: bool = False


SCENARIOS: Final = (
    Scenario("step", "3 SD for an hour"),
    Scenario("step-3h", "3 SD for three hours", minutes=180),
    Scenario("ramp", "rises to 6 SD over two hours, 3 on average", minutes=120, shape="ramp"),
    Scenario("decay", "jumps and decays within two hours, 3 SD on average", minutes=120, shape="decay"),
    Scenario("large", "6 SD for an hour", size=6.0),
    Scenario("trend", "3 SD for an hour while the level doubles in a month", trend=1.0),
    Scenario("overdispersed", "3 SD for an hour, dispersion 0.4", dispersion=0.4),
    Scenario("quiet", "3 SD for an hour in series of 0.3 to 1.5 documents per bucket", levels=(0.3, 1.5)),
    Scenario("polluted", "3 SD for an hour after a month with outbreaks", polluted=True),
    Scenario("weekends", "3 SD for an hour where weekends are almost silent", weekend=0.1),
    Scenario("burn", "1 SD for twelve hours", size=1.0, minutes=720),
    Scenario("turn", "the negative share doubles for two hours at the same volume", kind="turn", size=2.0, minutes=120),
    Scenario("surge", "three times as much of everything for two hours, the mood unchanged", kind="surge", size=3.0, minutes=120),
)


def find_scenarios(names: Sequence[str]) -> list[Scenario]:
    """Return the scenarios with these names; all of them when `names` is empty.

    Raises:
        ConfigurationError: a name is not that of a scenario.
    """
    known = {scenario.name: scenario for scenario in SCENARIOS}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{name} is not a scenario", "one of " + ", ".join(known))
    return [known[name] for name in names] or list(SCENARIOS)
