import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import { eventBusContract } from "./event-bus.contract";

eventBusContract(async () => ({ bus: new MemoryEventBus(), isShared: false }));
