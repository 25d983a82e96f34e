/** Facts about the two places where this runs. */
import { VENDOR_LIMITS } from "../prices";
import type { UnitFigureName } from "../unit-figures";

/** `vercel`: functions, Upstash and Neon. `aws`: containers behind a load balancer, ElastiCache and RDS, in us-east-1. */
export type SetUp = "vercel" | "aws";

interface SetUpFacts {
  readonly name: string;
  /** The services, in words. */
  readonly label: string;
  /** Streams that one instance holds. */
  readonly streams: number;
  /** CPU of an answer from memory. */
  readonly requestUs: UnitFigureName;
  /** CPU on top of that, if the view comes from Redis or PostgreSQL; and of a write. */
  readonly coldReadUs: UnitFigureName;
  readonly writeUs: UnitFigureName;
  /** CPU of PostgreSQL for a commit and for a read. Over HTTP it plans each statement anew. */
  readonly databaseCommitUs: UnitFigureName;
  readonly databaseReadUs: UnitFigureName;
  /** CPU of one event to one stream. */
  readonly streamEventUs: number;
  /** Whether processes live long enough to subscribe to the mirror (docs/deploy.md, MIRROR_GRPC). */
  readonly hasDoorbell: boolean;
}

/** File descriptors of an instance that are not for streams: Redis, Postgres, the mirror, requests under way. */
const OTHER_DESCRIPTORS = 124;

export const SET_UPS: Readonly<Record<SetUp, SetUpFacts>> = {
  vercel: {
    name: "Vercel",
    label: "Vercel, Upstash and Neon",
    streams: VENDOR_LIMITS.functionFileDescriptors.value - OTHER_DESCRIPTORS,
    requestUs: "frameworkRequestUs",
    coldReadUs: "coldReadHttpUs",
    writeUs: "writeHttpUs",
    databaseCommitUs: "postgresHttpUsPerCommit",
    databaseReadUs: "postgresHttpUsPerRead",
    // 415 ms to 5,000 streams, through Next (docs/measurements.md §2).
    streamEventUs: 83,
    hasDoorbell: false,
  },
  aws: {
    name: "AWS",
    label: "AWS: Fargate, ElastiCache and RDS",
    // STREAMS_PER_INSTANCE.
    streams: 5_000,
    requestUs: "requestUs",
    coldReadUs: "coldReadTcpUs",
    writeUs: "writeTcpUs",
    databaseCommitUs: "postgresUsPerCommit",
    databaseReadUs: "postgresUsPerRead",
    // 167 ms to 5,000 streams, the slower of two runs of `stream.fanout_p99_ms`.
    streamEventUs: 33,
    hasDoorbell: true,
  },
};

export const SET_UP_NAMES = Object.keys(SET_UPS) as readonly SetUp[];
