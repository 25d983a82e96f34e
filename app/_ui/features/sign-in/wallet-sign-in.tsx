"use client";
import { QrCode } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { reasonOf } from "@/lib/client/api/http";
import { askChallenge, signInWithSignature } from "@/lib/client/api/sign-in";
import { loadConnector, type WalletPairing, type WalletSettings, walletRefusal } from "@/lib/client/api/wallet";
import { Button, buttonClass } from "../../primitives/button";

type Step = "idle" | "opening" | "pairing" | "signing";

/** Sign-in through a connected wallet. The wallet shares its account and signs the challenge; then its session ends. */
export function WalletSignIn({ settings, next }: { settings: WalletSettings; next: string }) {
  const [step, setStep] = useState<Step>("idle");
  const [pairing, setPairing] = useState<WalletPairing | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  // A wallet that answers an earlier pairing code must not sign in a person who has cancelled or started again.
  const attempt = useRef(0);
  useEffect(() => () => void attempt.current++, []);

  const cancel = () => {
    attempt.current++;
    setStep("idle");
    setPairing(null);
  };
  const connect = async () => {
    const own = ++attempt.current;
    const isCurrent = () => attempt.current === own;
    setRefusal(null);
    setStep("opening");
    try {
      const connector = await loadConnector();
      const wallet = await connector.connect(settings, (offered) => {
        if (!isCurrent()) return;
        setPairing(offered);
        setStep("pairing");
      });
      try {
        if (!isCurrent()) return;
        setStep("signing");
        const { challenge } = await askChallenge(wallet.accountId);
        const signatureMap = await wallet.sign(challenge);
        if (!isCurrent()) return;
        await signInWithSignature(wallet.accountId, challenge, signatureMap);
        window.location.assign(next);
      } finally {
        // If the wallet cannot be told, its session expires by itself.
        await wallet.leave().catch(() => undefined);
      }
    } catch (error) {
      if (!isCurrent()) return;
      setRefusal(reasonOf(walletRefusal(error)));
      cancel();
    }
  };

  return (
    <section aria-label="Wallet" className="space-y-4">
      {refusal && (
        <p role="alert" className="rounded-control bg-danger-soft px-4 py-3 text-danger">
          {refusal}
        </p>
      )}
      {(step === "idle" || step === "opening") && (
        <Button look="primary" busy={step === "opening"} onClick={() => void connect()}>
          <QrCode aria-hidden="true" className="size-4" />
          Connect a wallet
        </Button>
      )}
      {step === "pairing" && pairing && <PairingCode pairing={pairing} onCancel={cancel} />}
      {step === "signing" && (
        <div className="space-y-3">
          <p role="status">Your wallet shows a message. Sign it there; this page goes on by itself.</p>
          <Button look="ghost" onClick={cancel}>
            Cancel
          </Button>
        </div>
      )}
    </section>
  );
}

function PairingCode({ pairing: { uri, svg }, onCancel }: { pairing: WalletPairing; onCancel(): void }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(uri);
    setCopied(true);
  };
  return (
    <div className="space-y-4">
      <p role="status">Scan this with your wallet, or open it in one on this device. It waits for five minutes.</p>
      {/* biome-ignore lint/performance/noImgElement: a data address, with nothing to optimise */}
      <img
        src={`data:image/svg+xml,${encodeURIComponent(svg)}`}
        alt="A code for your wallet to scan"
        className="size-60 max-w-full rounded-control border border-line bg-white"
      />
      <div className="flex flex-wrap gap-3">
        <a href={uri} className={buttonClass("primary")}>
          Open in a wallet
        </a>
        <Button onClick={() => void copy().catch(() => undefined)}>{copied ? "Copied" : "Copy the link"}</Button>
        <Button look="ghost" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
