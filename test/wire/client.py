"""A client that is not ours: publishes envelopes over mutual TLS and prints what it was answered, one JSON object a line.

client.py STUBS ADDRESS CERTIFICATES NAME COUNT [--duplicate] [--empty] [--nokey] [--large] [--flow] [--stream] [--sign]
"""
import json
import queue
import sys
import time

stubs, address, folder, name, count = sys.argv[1:6]
options = sys.argv[6:]
sys.path.insert(0, stubs)

import grpc  # noqa: E402
from messaging import messaging_pb2 as pb  # noqa: E402
from messaging import messaging_pb2_grpc as rpc  # noqa: E402


def read(path):
    with open(path, "rb") as file:
        return file.read()


credentials = grpc.ssl_channel_credentials(
    read(f"{folder}/ca.pem"), read(f"{folder}/{name}.key"), read(f"{folder}/{name}.pem")
)
channel = grpc.secure_channel(address, credentials)


def sign(envelope):
    """Signs all of an envelope but its signature with the key of the certificate."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = serialization.load_pem_private_key(read(f"{folder}/{name}.key"), password=None)
    envelope.ClearField("sig")
    envelope.sig = key.sign(envelope.SerializeToString(), ec.ECDSA(hashes.SHA256()))
    return envelope


def process(number):
    envelope = pb.UniversalEnvelope(
        version="1.0",
        ts_ns=1_700_000_000_000_000_000 + number,
        idempotency_key=f"{name}_{number}",
        sig=b"constant",
        process=pb.ProcessEvent(pid=number, ppid=1, exe="/usr/bin/true", args=["true"], uid=501, gid=20),
    )
    if "--nokey" in options:
        envelope.idempotency_key = ""
    if "--empty" in options:
        envelope.ClearField("process")
    if "--large" in options:
        envelope.process.args.append("x" * 140_000)
    # A field that this hub does not know: number 900, bytes.
    envelope = pb.UniversalEnvelope.FromString(envelope.SerializeToString() + b"\xa2\x38\x0fkept as it came")
    return sign(envelope) if "--sign" in options else envelope


def publish_stream():
    """Batches of up to 100 events on one stream, within the credit that the hub grants; each batch is awaited."""
    from homeostat.v1 import telemetry_pb2 as telemetry
    from homeostat.v1 import telemetry_pb2_grpc as service

    requests = queue.Queue()
    answers = service.TelemetryServiceStub(channel).Publish(iter(requests.get, None))
    credit = next(answers).credit
    sequence = 0
    tally = {}
    for first in range(0, int(count), 100):
        batch = [
            telemetry.Event(
                ts_ns=1_700_000_000_000_000_000 + number,
                idempotency_key=f"{name}_stream_{number}",
                process=telemetry.ProcessChange(
                    kind=telemetry.ProcessChange.KIND_START,
                    process=pb.ProcessEvent(pid=number, ppid=1, exe="/usr/bin/true", args=["true"]),
                ),
            )
            for number in range(first, min(first + 100, int(count)))
        ]
        assert len(batch) <= credit, "the credit of one stream is used up"
        for _ in range(2 if "--duplicate" in options else 1):
            sequence += 1
            requests.put(telemetry.PublishRequest(sequence=sequence, events=batch))
            answer = next(answers)
            assert answer.sequence == sequence and answer.credit == len(batch)
            status = telemetry.PublishResponse.Status.Name(answer.status)
            tally[status] = tally.get(status, 0) + len(batch)
            tally["duplicates"] = tally.get("duplicates", 0) + answer.duplicates
    requests.put(None)
    assert list(answers) == [], "the hub ends the stream after its last answer"
    return tally


began = time.monotonic()
answers = []
if "--stream" in options:
    print(json.dumps({"answers": publish_stream(), "reason": "", "seconds": time.monotonic() - began}))
    sys.exit(0)
if "--flow" in options:
    stub = rpc.EventBusStub(channel)
    for number in range(int(count)):
        envelope = pb.Envelope(
            version="1.0",
            ts_ns=number,
            idempotency_key=f"{name}_flow_{number}",
            flow=pb.FlowEvent(src_ip="10.0.0.1", dst_ip="10.0.0.2", src_port=1, dst_port=2, protocol="TCP"),
        )
        answers.append(stub.Publish(sign(envelope) if "--sign" in options else envelope))
else:
    stub = rpc.UniversalEventBusStub(channel)
    for number in range(int(count)):
        answers.append(stub.PublishTelemetry(process(number)))
        if "--duplicate" in options:
            answers.append(stub.PublishTelemetry(process(number)))
tally = {}
for answer in answers:
    status = type(answer).Status.Name(answer.status)
    tally[status] = tally.get(status, 0) + 1
print(
    json.dumps(
        {"answers": tally, "reason": answers[-1].reason if answers else "", "seconds": time.monotonic() - began}
    )
)
