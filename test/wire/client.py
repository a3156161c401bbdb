"""A client that is not ours: publishes envelopes over mutual TLS and prints what it was answered, one JSON object a line.

client.py STUBS ADDRESS CERTIFICATES NAME COUNT [--duplicate] [--empty] [--nokey] [--large] [--flow]
"""
import json
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
    return pb.UniversalEnvelope.FromString(envelope.SerializeToString() + b"\xa2\x38\x0fkept as it came")


began = time.monotonic()
answers = []
if "--flow" in options:
    stub = rpc.EventBusStub(channel)
    for number in range(int(count)):
        answers.append(
            stub.Publish(
                pb.Envelope(
                    version="1.0",
                    ts_ns=number,
                    idempotency_key=f"{name}_flow_{number}",
                    flow=pb.FlowEvent(src_ip="10.0.0.1", dst_ip="10.0.0.2", src_port=1, dst_port=2, protocol="TCP"),
                )
            )
        )
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
