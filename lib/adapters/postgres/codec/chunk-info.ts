/**
 * Stores a message's chunk info, as a mirror reports it, in a few bytes. The SDK sends chunk info with every message, nearly always
 * in one form: the payer's transaction, without a nonce, valid from a few seconds before consensus. That form takes 6 bytes instead
 * of 150. Any other text is kept unchanged, and so is text that would not come back the same: nothing is lost.
 *
 * The first byte is part of the stored format: 1 is the usual form for a message of one piece, 2 the same with number and total, 0
 * stands before plain text. No byte at all: the mirror said that there is no chunk info.
 */
import { formatConsensusTime, parseConsensusTime, consensusNs as toTime } from "../../../core/ledger/consensus-time";
import type { AccountId } from "../../../core/ledger/ids";
import { unzigzag, varint, varints, zigzag } from "./varint";

const PLAIN = 0;
const ONE_PIECE = 1;
const SEVERAL = 2;

/** The members of the row that the usual form repeats or counts from. */
export interface Beside {
  readonly payer: AccountId | null;
  readonly consensusNs: bigint;
}

interface Usual {
  readonly startNs: bigint;
  readonly number: bigint;
  readonly total: bigint;
}

const textOf = ({ startNs, number, total }: Usual, { payer }: Beside) =>
  `{"initial_transaction_id":{"account_id":"${payer}","nonce":0,"scheduled":false,"transaction_valid_start":"${formatConsensusTime(toTime(startNs))}"},"number":${number},"total":${total}}`;

const USUAL =
  /^\{"initial_transaction_id":\{"account_id":"[\d.]+","nonce":0,"scheduled":false,"transaction_valid_start":"([\d.]+)"\},"number":(\d{1,3}),"total":(\d{1,3})\}$/;

function usualOf(text: string, beside: Beside): Usual | null {
  const [, start, number, total] = USUAL.exec(text) ?? [];
  const startNs = start === undefined ? null : parseConsensusTime(start);
  if (startNs === null || number === undefined || total === undefined) return null;
  const usual = { startNs, number: BigInt(number), total: BigInt(total) };
  return textOf(usual, beside) === text ? usual : null;
}

/** `text`: the JSON; null: there is none; undefined: not known. */
export function packChunkInfo(text: string | null | undefined, beside: Beside): Uint8Array | null {
  if (text === undefined) return null;
  if (text === null) return new Uint8Array(0);
  const usual = usualOf(text, beside);
  if (usual === null) return Buffer.concat([Buffer.of(PLAIN), Buffer.from(text)]);
  const difference = beside.consensusNs - usual.startNs;
  const { number, total } = usual;
  if (number === 1n && total === 1n) return Uint8Array.of(ONE_PIECE, ...varint(zigzag(difference)));
  return Uint8Array.of(SEVERAL, ...varint(zigzag(difference)), ...varint(number), ...varint(total));
}

/** Throws RangeError for a form of a later version. */
export function unpackChunkInfo(packed: Uint8Array | null, beside: Beside): string | null | undefined {
  if (packed === null) return undefined;
  const [form] = packed;
  if (form === undefined) return null;
  if (form === PLAIN) return Buffer.from(packed.subarray(1)).toString();
  if (form !== ONE_PIECE && form !== SEVERAL) throw new RangeError("the database holds chunk info of a later format");
  const [difference = 0n, number = 1n, total = 1n] = varints(packed.subarray(1));
  return textOf({ startNs: beside.consensusNs - unzigzag(difference), number, total }, beside);
}
