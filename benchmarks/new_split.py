"""A split of 500 payees on Anvil: the gas of everything sent until money can be paid to it, which
is nothing, because its hash is the split. Then it is paid and one payee claims, which shows that
it is there."""

from benchmarks.rows import Row
from kiseki import Kiseki, Split
from kiseki.core import ids

__all__ = ["ROWS", "measure"]

TITLE = "Creating a split"

ROWS = (
    Row(
        "creating a split of 500 payees",
        "gas",
        0,
        "0xSplits 1,490,062; PaymentSplitter, 300 payees: 14,970,275; Story vault 428,878",
    ),
)


def measure() -> dict[str, float]:
    with Kiseki.local() as k:
        before = k.session.w3.eth.block_number
        wallets = [ids.wallet(k.account(2).address)]
        wallets += [ids.wallet(f"0x{number:040x}") for number in range(1, 500)]
        split = Split([(each, 1) for each in wallets])
        sent = range(before + 1, k.session.w3.eth.block_number + 1)
        gas = sum(k.session.w3.eth.get_block(number)["gasUsed"] for number in sent)
        payee = k.wallet(2)
        k.revenue.pay(split, 500 * 10**15)
        k.revenue.publish(split)
        claimed = k.revenue.claim(payee.address).amounts
        if [sum(each.values()) for each in claimed.values()] != [10**15]:
            raise RuntimeError(f"the payee got {claimed}")
    return {ROWS[0].name: gas}
