#!/usr/bin/env python3
"""Publishes one meeting and waits until JetStream has stored it.

Needs nats-py, protobuf and grpcio-tools (see requirements.txt beside this file). The protobuf code is generated into a
temporary folder on the fly, so that the example stays one file.

    publish_meeting.py --server nats://127.0.0.1:4222 --workspace acme --meeting m-1 \
        --organizer rep@ours.example --participant ann@acme.example --value next_step="Send the security questionnaire"
"""

import argparse
import asyncio
import importlib
import pathlib
import sys
import tempfile
import time

import nats
from nats.js.api import Header
from google.protobuf.timestamp_pb2 import Timestamp
import grpc_tools
from grpc_tools import protoc

PROTO_FOLDER = pathlib.Path(__file__).resolve().parent.parent
# Protobuf's own files, such as timestamp.proto, come with the compiler.
WELL_KNOWN_FOLDER = pathlib.Path(grpc_tools.__file__).resolve().parent / "_proto"
EVENT_BYTES_MAX = 512 * 1024
PUBLISH_TIMEOUT_S = 10


def meeting_module(folder: str):
    """Compiles meeting.proto and imports the result."""
    arguments = ["protoc", f"-I{PROTO_FOLDER}", f"-I{WELL_KNOWN_FOLDER}", f"--python_out={folder}", "ergo/meeting/v1/meeting.proto"]
    if protoc.main(arguments) != 0:
        raise SystemExit("meeting.proto does not compile")
    sys.path.insert(0, folder)
    return importlib.import_module("ergo.meeting.v1.meeting_pb2")


def timestamp(seconds: float) -> Timestamp:
    moment = Timestamp()
    moment.FromNanoseconds(int(seconds * 1_000_000_000))
    return moment


def meeting(pb, arguments):
    """The event as upstream would build it."""
    ended = time.time()
    event = pb.MeetingProcessed(
        id=arguments.meeting,
        workspace=arguments.workspace,
        revision=arguments.revision,
        origin=pb.ORIGIN_LIVE,
        title=arguments.title,
        started_at=timestamp(ended - 1_800),
        ended_at=timestamp(ended),
        organizer=pb.Participant(email=arguments.organizer),
        processed_at=timestamp(ended),
    )
    for address in [arguments.organizer, *arguments.participant]:
        event.participants.add(email=address, invited=True, attended=True, kind=pb.Participant.KIND_PERSON)
    for pair in arguments.value:
        key, _, text = pair.partition("=")
        value = event.extracted_values.add(property=key, value=pb.Value(text=text), confidence=arguments.confidence)
        value.evidence.add(quote=text, speaker=arguments.participant[0] if arguments.participant else "", offset_ms=60_000)
    return event


async def publish(arguments, pb) -> None:
    event = meeting(pb, arguments)
    payload = event.SerializeToString()
    if len(payload) > EVENT_BYTES_MAX:
        raise SystemExit(f"the event has {len(payload)} bytes, at most {EVENT_BYTES_MAX} are taken: use a claim check")
    event_id = f"{event.id}:{event.revision}"
    subject = f"ergo.meeting.processed.v1.{event.workspace}"
    headers = {
        Header.MSG_ID: event_id,
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-type": "ergo.meeting.processed.v1",
        "ce-source": "/upstream/example",
        "ce-time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "content-type": "application/protobuf",
    }
    if arguments.traceparent:
        headers["traceparent"] = arguments.traceparent
    connection = await nats.connect(arguments.server, name="upstream-example")
    try:
        ack = await connection.jetstream().publish(subject, payload, timeout=PUBLISH_TIMEOUT_S, headers=headers)
        print(f"stored {event_id} in {ack.stream} at {ack.seq}, duplicate: {bool(ack.duplicate)}")
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="nats://127.0.0.1:4222", help="NATS address")
    parser.add_argument("--workspace", required=True, help="workspace id")
    parser.add_argument("--meeting", required=True, help="meeting id")
    parser.add_argument("--revision", type=int, default=1, help="revision, from 1")
    parser.add_argument("--title", default="Weekly", help="title")
    parser.add_argument("--organizer", required=True, help="organizer's address")
    parser.add_argument("--participant", action="append", default=[], help="an address; repeat for more")
    parser.add_argument("--value", action="append", default=[], help="property=text; repeat for more")
    parser.add_argument("--confidence", type=float, default=0.95, help="confidence of the values, 0 to 1")
    parser.add_argument("--traceparent", default="", help="W3C trace context of your own span")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pb = meeting_module(folder)
        asyncio.run(publish(arguments, pb))


if __name__ == "__main__":
    main()
