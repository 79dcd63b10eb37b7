"""The customers of the demo bank, their accounts, and what their lives cost, in euros."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """An account of a demo customer. `opening_euros` is paid in on the first day, in the account's own currency."""

    key: str
    name: str = "Current account"
    currency: str = "EUR"
    opening_euros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """A demo customer: daily life runs over the first account. Figures are a month's; `payday` is its day of the month.

    `saves_to`, `rents_from` and `friends` are keys of accounts in the same currency; without `rents_from` the rent
    goes out of the bank.
    """

    key: str
    name: str
    accounts: tuple[DemoAccount, ...]
    employer: str
    salary_euros: int
    payday: int = 25
    rent_euros: int
    savings_euros: int = 0
    saves_to: str = ""
    rents_from: str = ""
    friends: tuple[str, ...] = ()

    @property
    def current(self) -> DemoAccount:
        return self.accounts[0]

    @property
    def email(self) -> str:
        return f"{self.key}@passbook.example"


PEOPLE: Final = (
    DemoPerson(
        key="ada",
        name="Ada Lovelace",
        accounts=(
            DemoAccount(key="ada", opening_euros=2_400),
            DemoAccount(key="ada-savings", name="Savings", opening_euros=5_000),
            DemoAccount(key="ada-travel", name="Travel to Japan", currency="JPY", opening_euros=900),
        ),
        employer="Analytical Engines Ltd",
        salary_euros=3_350,
        rent_euros=1_150,
        savings_euros=300,
        saves_to="ada-savings",
        friends=("grace", "alan", "katherine"),
    ),
    DemoPerson(
        key="grace",
        name="Grace Hopper",
        accounts=(
            DemoAccount(key="grace", opening_euros=3_100),
            DemoAccount(key="grace-savings", name="House fund", opening_euros=12_000),
        ),
        employer="Harbour Compilers",
        salary_euros=4_100,
        payday=28,
        rent_euros=1_380,
        savings_euros=650,
        saves_to="grace-savings",
        friends=("ada", "annie"),
    ),
    DemoPerson(
        key="alan",
        name="Alan Turing",
        accounts=(DemoAccount(key="alan", opening_euros=700),),
        employer="Bletchley Cycles",
        salary_euros=2_050,
        rent_euros=820,
        rents_from="grace",
        friends=("ada", "edsger"),
    ),
    DemoPerson(
        key="katherine",
        name="Katherine Johnson",
        accounts=(
            DemoAccount(key="katherine", opening_euros=1_900),
            DemoAccount(key="katherine-savings", name="Savings", opening_euros=2_500),
        ),
        employer="Orbit Mechanics",
        salary_euros=3_600,
        payday=26,
        rent_euros=1_050,
        savings_euros=400,
        saves_to="katherine-savings",
        friends=("ada", "annie"),
    ),
    DemoPerson(
        key="edsger",
        name="Edsger Dijkstra",
        accounts=(DemoAccount(key="edsger", opening_euros=4_200),),
        employer="Shortest Path Logistics",
        salary_euros=3_900,
        payday=10,
        rent_euros=1_200,
        friends=("alan", "emmy"),
    ),
    DemoPerson(
        key="hedy",
        name="Hedy Lamarr",
        accounts=(DemoAccount(key="hedy", opening_euros=2_800),),
        employer="Frequency Studios",
        salary_euros=3_050,
        payday=15,
        rent_euros=990,
        friends=("grace", "kurt"),
    ),
    DemoPerson(
        key="emmy",
        name="Emmy Noether",
        accounts=(
            DemoAccount(key="emmy", opening_euros=2_100),
            DemoAccount(key="emmy-prague", name="Flat in Prague", currency="CZK", opening_euros=1_500),
        ),
        employer="Symmetry Institute",
        salary_euros=3_300,
        payday=5,
        rent_euros=880,
        friends=("edsger", "katherine"),
    ),
    DemoPerson(
        key="kurt",
        name="Kurt Gödel",
        accounts=(DemoAccount(key="kurt", opening_euros=1_600),),
        employer="Incomplete Works Press",
        salary_euros=2_700,
        payday=20,
        rent_euros=760,
        friends=("emmy",),
    ),
    DemoPerson(
        key="annie",
        name="Annie Easley",
        accounts=(DemoAccount(key="annie", opening_euros=2_000),),
        employer="Centaur Propulsion",
        salary_euros=3_450,
        payday=8,
        rent_euros=1_100,
        friends=("katherine", "grace"),
    ),
    DemoPerson(
        key="george",
        name="George Boole",
        accounts=(
            DemoAccount(key="george", opening_euros=1_300),
            DemoAccount(key="george-old", name="Old savings", opening_euros=850),
        ),
        employer="True and Sons",
        salary_euros=2_600,
        payday=12,
        rent_euros=790,
        friends=("ada",),
    ),
    DemoPerson(
        key="seki",
        name="Seki Takakazu (関 孝和)",
        accounts=(DemoAccount(key="seki", name="Yen account", currency="JPY", opening_euros=3_000),),
        employer="Bernoulli Numbers KK",
        salary_euros=2_900,
        payday=18,
        rent_euros=700,
    ),
    DemoPerson(
        key="muhammad",
        name="Muhammad al-Khwarizmi",
        accounts=(DemoAccount(key="muhammad", name="Dinar account", currency="KWD", opening_euros=3_500),),
        employer="House of Wisdom",
        salary_euros=3_700,
        payday=22,
        rent_euros=950,
    ),
)
