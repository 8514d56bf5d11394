#!/usr/bin/env python3
"""A stand-in for a MongoDB server, for tests where none can be had: OP_MSG on loopback, documents in memory.

It stands alone, or says that it is the primary of a replica set of one; then it knows retryable writes. No transactions, no
authentication, and nothing is durable. Where it and MongoDB differ, MongoDB's manual is right. It is
stricter than it has to be: a command's field that it doesn't know is refused, as a server refuses it.
It prints "listening PORT", and ends when its standard input does.
"""
import argparse
import asyncio
import datetime
import itertools
import ssl
import struct
import sys

import bson
import mongomock
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.int64 import Int64

from collection import Collection, ServerError

OPTIONS = CodecOptions(document_class=dict, datetime_conversion=DatetimeConversion.DATETIME_CLAMP)
GENERIC = {"$db", "lsid", "$clusterTime", "$readPreference", "apiVersion", "maxTimeMS", "comment", "txnNumber"}
FIELDS = {
    "ping": set(), "buildinfo": set(), "endsessions": set(), "dropdatabase": {"writeConcern"},
    "insert": {"documents", "ordered", "writeConcern"},
    "update": {"updates", "ordered", "writeConcern"},
    "delete": {"deletes", "ordered", "writeConcern"},
    "find": {"filter", "projection", "sort", "skip", "limit", "batchSize", "singleBatch"},
    "getmore": {"collection", "batchSize"}, "killcursors": {"cursors"},
    "aggregate": {"pipeline", "cursor"},
    "findandmodify": {"query", "update", "new", "fields", "sort", "upsert", "remove", "writeConcern"},
    "createindexes": {"indexes", "writeConcern"},
    "configurefailpoint": {"mode", "data"},
}
STATEMENTS = {"update": {"q", "u", "multi", "upsert"}, "delete": {"q", "limit"}}


class ConnectionCut(Exception):
    pass


class Server:
    def __init__(self, replica_set=None):
        self.replica_set, self.port, self.retried = replica_set, 0, {}
        self.databases, self.cursors, self.ids = {}, {}, itertools.count(1)
        self.skipped, self.failures, self.failure = 0, 0, {}

    def run(self, command, connection):
        name = next(iter(command))
        kind = name.lower()
        if kind in ("hello", "ismaster"):
            connection.setdefault("app", command.get("client", {}).get("application", {}).get("name"))
            return {**hello(), **self.membership()}
        if kind not in FIELDS:
            raise ServerError(59, "CommandNotFound", f"no such command: '{name}'")
        for field in command.keys() - {name} - FIELDS[kind] - GENERIC:
            raise ServerError(40415, "IDLUnknownField", f"BSON field '{name}.{field}' is an unknown field.")
        check_concern(command.get("writeConcern", {}))
        failure = self.due_failure(name, connection)
        if failure.get("closeConnection"):
            raise ConnectionCut
        if "errorCode" in failure:
            raise ServerError(failure["errorCode"], "FailPoint", "Failing command via 'failCommand' failpoint")
        database = self.databases.setdefault(command.get("$db", "test"), {})
        retry = self.check_retryable(kind, command)
        reply = self.retried.get(retry) or getattr(self, kind)(command, database, command[name])
        if retry:
            self.retried[retry] = reply
        if "writeConcernError" in failure:
            reply["writeConcernError"] = failure["writeConcernError"]
        return reply

    def membership(self):
        if not self.replica_set:
            return {}
        address = f"127.0.0.1:{self.port}"
        return {"setName": self.replica_set, "setVersion": 1, "hosts": [address], "me": address, "primary": address,
                "secondary": False}

    def check_retryable(self, kind, command):
        """The name of a write that may be repeated, with a server's rules for what may be one."""
        if "txnNumber" not in command:
            return None
        if not self.replica_set:
            raise ServerError(20, "IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos")
        if kind not in ("insert", "update", "delete", "findandmodify"):
            raise ServerError(50768, "NotARetryableWriteCommand", f"txnNumber may not be provided for the command {kind}")
        if any(statement.get("multi") for statement in command.get("updates", [])):
            raise ServerError(72, "InvalidOptions", "Cannot use retryable writes with multi=true")
        if any(statement["limit"] == 0 for statement in command.get("deletes", [])):
            raise ServerError(72, "InvalidOptions", "Cannot use retryable writes with limit=0")
        return bytes(command["lsid"]["id"]), command["txnNumber"]

    def due_failure(self, name, connection):
        """What `configureFailPoint` asked for, as a server with test commands has it."""
        is_meant = self.failure.get("appName") in (None, connection.get("app"))
        if self.failures == 0 or not is_meant or name not in self.failure.get("failCommands", []):
            return {}
        if self.skipped > 0:
            self.skipped -= 1
            return {}
        self.failures -= 1
        return self.failure

    def configurefailpoint(self, command, _, name):
        if name != "failCommand":
            raise ServerError(2, "BadValue", f"no fail point {name}")
        mode = command["mode"]
        self.failure = command.get("data", {})
        mode = mode if isinstance(mode, dict) else {"times": {"off": 0, "alwaysOn": sys.maxsize}[mode]}
        self.failures, self.skipped = mode.get("times", sys.maxsize), mode.get("skip", 0)
        return {}

    def ping(self, *_): return {}

    def endsessions(self, *_): return {}

    def buildinfo(self, *_): return {"version": "6.0.0", "versionArray": [6, 0, 0, 0], "standIn": True}

    def dropdatabase(self, command, *_):
        self.databases.pop(command["$db"], None)
        return {}

    def insert(self, command, database, name):
        collection = collection_of(database, name)
        done, errors = each(command, "documents", lambda document: collection.insert(document) and 1)
        return {"n": sum(done), **errors}

    def update(self, command, database, name):
        collection = collection_of(database, name)

        def apply(statement):
            check_statement("update", statement)
            many, upsert = statement.get("multi", False), statement.get("upsert", False)
            return collection.update(statement["q"], statement["u"], many, upsert)
        done, errors = each(command, "updates", apply)
        upserted = [{"index": index, "_id": result[2]} for index, result in enumerate(done) if result[2] is not None]
        return {
            "n": sum(result[0] + (result[2] is not None) for result in done), "nModified": sum(result[1] for result in done),
            **({"upserted": upserted} if upserted else {}), **errors}

    def delete(self, command, database, name):
        collection = collection_of(database, name)

        def apply(statement):
            check_statement("delete", statement)
            found = collection.find(statement["q"], limit=statement["limit"])
            for document in found:
                collection.remove(document)
            return len(found)
        done, errors = each(command, "deletes", apply)
        return {"n": sum(done), **errors}

    def find(self, command, database, name):
        collection = collection_of(database, name)
        sort = list(command.get("sort", {}).items())
        found = collection.find(command.get("filter", {}), sort, command.get("skip", 0), command.get("limit", 0))
        found = [projected(document, command.get("projection")) for document in found]
        size = len(found) if command.get("singleBatch") else command.get("batchSize", 101)
        return self.batch("firstBatch", f"{command['$db']}.{name}", found, size)

    def batch(self, key, namespace, found, size):
        identifier = 0
        if found[size:]:
            identifier = next(self.ids)
            self.cursors[identifier] = (namespace, found[size:])
        return {"cursor": {key: found[:size], "id": Int64(identifier), "ns": namespace}}

    def getmore(self, command, _, identifier):
        if identifier not in self.cursors:
            raise ServerError(43, "CursorNotFound", f"cursor id {identifier} not found")
        namespace, rest = self.cursors.pop(identifier)
        return self.batch("nextBatch", namespace, rest, command.get("batchSize", len(rest)))

    def killcursors(self, command, *_):
        for identifier in command["cursors"]:
            self.cursors.pop(identifier, None)
        return {"cursorsKilled": command["cursors"]}

    def aggregate(self, command, database, name):
        pipeline = list(command["pipeline"])
        match = pipeline.pop(0)["$match"] if pipeline and "$match" in pipeline[0] else {}
        scratch = mongomock.MongoClient()["scratch"]["aggregate"]
        documents = collection_of(database, name).find(match)
        if documents:
            scratch.insert_many(documents)
        found = list(scratch.aggregate(pipeline))
        return self.batch("firstBatch", f"{command['$db']}.{name}", found, command["cursor"].get("batchSize", 101))

    def findandmodify(self, command, database, name):
        collection = collection_of(database, name)
        query, sort = command.get("query", {}), list(command.get("sort", {}).items())
        if command.get("remove"):
            found = collection.find(query, sort, limit=1)
            for document in found:
                collection.remove(document)
            value, updated = (found[0] if found else None), False
        else:
            matched, _, upserted, before, after = collection.update(
                query, command["update"], upsert=command.get("upsert", False), sort=sort)
            value, updated = (after if command.get("new") else before), matched > 0
        fields = command.get("fields")
        return {
            "value": projected(value, fields) if value is not None else None,
            "lastErrorObject": {"n": int(value is not None), "updatedExisting": updated}}

    def createindexes(self, command, database, name):
        before = len(collection_of(database, name).indexes)
        for index in command["indexes"]:
            collection_of(database, name).create_index(index)
        return {"numIndexesBefore": before + 1, "numIndexesAfter": len(database[name].indexes) + 1}


def hello():
    return {
        "ismaster": True, "isWritablePrimary": True, "helloOk": True, "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "localTime": datetime.datetime.now(),
        "logicalSessionTimeoutMinutes": 30, "connectionId": 1, "minWireVersion": 0, "maxWireVersion": 17, "readOnly": False}


def collection_of(database, name):
    return database.setdefault(name, Collection(name))


def each(command, key, apply):
    """Results of the statements, and the errors as a reply has them."""
    done, errors = [], []
    if not 1 <= len(command[key]) <= 100_000:
        raise ServerError(16, "InvalidLength", "Write batch sizes must be between 1 and 100000")
    for index, statement in enumerate(command[key]):
        try:
            done.append(apply(statement))
        except ServerError as error:
            errors.append({"index": index, "code": error.code, "errmsg": str(error)})
            if command.get("ordered", True):
                break
    return done, {"writeErrors": errors} if errors else {}


def check_statement(kind, statement):
    for field in statement.keys() - STATEMENTS[kind]:
        raise ServerError(40415, "IDLUnknownField", f"BSON field '{kind}.{field}' is an unknown field.")


def check_concern(concern):
    for field in concern.keys() - {"w", "j", "wtimeout"}:
        raise ServerError(40415, "IDLUnknownField", f"BSON field 'writeConcern.{field}' is an unknown field.")


def projected(document, fields):
    if not fields:
        return document
    if not all(value in (1, True) and "." not in name for name, value in fields.items()):
        raise ServerError(238, "NotImplemented", "the stand-in's projections name what is wanted")
    return {name: value for name, value in document.items() if name in fields or name == "_id"}


def decoded(operation, body):
    """(the command, whether an answer is wanted)"""
    if operation == 2004:  # the first hello may come as OP_QUERY
        command = bson.decode(body[body.index(0, 4) + 9:], OPTIONS)
        return {**command, "$db": "admin"}, True
    flags, = struct.unpack_from("<I", body)
    place, end = 4, len(body) - (4 if flags & 1 else 0)
    command, sequences = {}, {}
    while place < end:
        kind, length = body[place], struct.unpack_from("<i", body, place + 1)[0]
        section = body[place + 1:place + 1 + length]
        if kind == 0:
            command = bson.decode(section, OPTIONS)
        else:
            zero = section.index(0, 4)
            sequences[section[4:zero].decode()] = bson.decode_all(section[zero + 1:], OPTIONS)
        place += 1 + length
    return {**command, **sequences}, not flags & 2


def answer(server, command, connection):
    try:
        return {**server.run(command, connection), "ok": 1.0}
    except ServerError as error:
        return {"ok": 0.0, "errmsg": str(error), "code": error.code, "codeName": error.name}
    except (NotImplementedError, KeyError, TypeError, ValueError) as error:
        return {"ok": 0.0, "errmsg": f"stand-in: {type(error).__name__}: {error}", "code": 2, "codeName": "BadValue"}


async def serve(server, reader, writer):
    numbers, connection = itertools.count(1), {}
    try:
        while True:
            length, request, _, operation = struct.unpack("<iiii", await reader.readexactly(16))
            command, is_answered = decoded(operation, await reader.readexactly(length - 16))
            reply = bson.encode(answer(server, command, connection))
            if is_answered:
                head = struct.pack("<IB", 0, 0) if operation == 2013 else struct.pack("<iqii", 8, 0, 0, 1)
                kind = 2013 if operation == 2013 else 1
                writer.write(struct.pack("<iiii", 16 + len(head) + len(reply), next(numbers), request, kind) + head + reply)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ConnectionCut):
        pass
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--replica-set", metavar="NAME", help="say that it is the primary of this one")
    parser.add_argument("--tls", metavar="PEM", help="certificate and key")
    arguments = parser.parse_args()
    context = None
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.tls)
    server = Server(arguments.replica_set)
    listener = await asyncio.start_server(
        lambda reader, writer: serve(server, reader, writer), "127.0.0.1", arguments.port, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    print("listening", server.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
