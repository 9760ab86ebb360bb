// Sells a rights token on Seaport 1.6 by its makers' own package: contracts, orders and signatures are theirs.
// stdin: {url, seller, buyer, fees, rights, tokenId, price, currency}; seller, buyer and fees (who gets the
// marketplace's own part) are accounts that the node signs for, currency is an ERC-20's address or null for ether.
// The marketplace knows of Kiseki what it knows of any NFT: ERC-721 and ERC-2981.
// stdout: {receiver, royalty, refused}; `refused` says why the sale did not happen, or is null.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { Contract, JsonRpcProvider } = require("ethers");
const { Seaport } = require("@opensea/seaport-js");
const { ItemType } = require("@opensea/seaport-js/lib/constants.js");
const factories = "@opensea/seaport-js/lib/typechain-types/factories/seaport/contracts";
const { Seaport__factory } = require(`${factories}/Seaport__factory.js`);
const { LocalConduitController__factory } = require(
  `${factories}/conduit/ConduitController.sol/LocalConduitController__factory.js`,
);

const ERC2981 = "0x2a55205a";
const OWN_PART = 250n; // basis points

const asked = JSON.parse(readFileSync(0, "utf8"));
const provider = new JsonRpcProvider(asked.url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
const seller = await provider.getSigner(asked.seller);
const buyer = await provider.getSigner(asked.buyer);
const price = BigInt(asked.price);

const controller = await (await new LocalConduitController__factory(seller).deploy()).waitForDeployment();
const deployed = await (
  await new Seaport__factory(seller).deploy(await controller.getAddress())
).waitForDeployment();
const contractAddress = await deployed.getAddress();
const market = (who) => new Seaport(who, { overrides: { contractAddress } });

const rights = new Contract(
  asked.rights,
  [
    "function supportsInterface(bytes4) view returns (bool)",
    "function royaltyInfo(uint256, uint256) view returns (address, uint256)",
  ],
  provider,
);
if (!(await rights.supportsInterface(ERC2981))) throw new Error("it asks for no royalty");
const [receiver, royalty] = await rights.royaltyInfo(asked.tokenId, price);
const own = (price * OWN_PART) / 10_000n;

// Not this machine's clock, which runs ahead of a chain that makes blocks when asked to.
const startTime = (await provider.getBlock("latest")).timestamp;
const money = (amount, recipient) => ({
  amount: amount.toString(),
  recipient,
  ...(asked.currency ? { token: asked.currency } : {}),
});
const listing = await market(seller).createOrder(
  {
    startTime,
    offer: [{ itemType: ItemType.ERC721, token: asked.rights, identifier: asked.tokenId }],
    consideration: [
      money(price - royalty - own, asked.seller),
      money(royalty, receiver),
      money(own, asked.fees),
    ],
  },
  asked.seller,
);
const order = await listing.executeAllActions();
let refused = null;
try {
  const sale = await market(buyer).fulfillOrder({ order, accountAddress: asked.buyer });
  await (await sale.executeAllActions()).wait();
} catch (error) {
  refused = `${error.shortMessage ?? error.message} ${error.data ?? ""}`;
}
process.stdout.write(JSON.stringify({ receiver, royalty: royalty.toString(), refused }));
provider.destroy();
