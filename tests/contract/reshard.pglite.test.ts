import { openPglite } from "@/lib/adapters/postgres/pglite";
import { reshardContract } from "./reshard.contract";

reshardContract("PGlite", () => openPglite({ memory: true }), 3);
