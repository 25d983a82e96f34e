import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { reshardContract } from "./reshard.contract";

reshardContract("PGlite", () => openPglite({ memory: true }), 3);
