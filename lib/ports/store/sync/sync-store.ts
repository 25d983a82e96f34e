/** The durable side of sync, by role. */
import type { BatchStore } from "./batch-store";
import type { DropStore } from "./drop-store";
import type { EpochStore } from "./epoch-store";
import type { GapStore } from "./gap-store";
import type { MessageLog } from "./message-log";
import type { PackStore } from "./pack-store";
import type { RereadStore } from "./reread-store";
import type { TopicStore } from "./topic-store";

export interface SyncStore
  extends TopicStore,
    MessageLog,
    BatchStore,
    GapStore,
    EpochStore,
    RereadStore,
    PackStore,
    DropStore {}
