"""Documents in memory, with indexes that searches really use. What a filter and an update mean is mongomock's."""
import bisect
import copy

import mongomock
from bson import ObjectId
from bson.int64 import Int64
from mongomock.filtering import filter_applies


class ServerError(Exception):
    def __init__(self, code, name, message):
        super().__init__(message)
        self.code, self.name = code, name


def duplicate_key(collection, index, key):
    return ServerError(11000, "DuplicateKey", f"E11000 duplicate key error collection: {collection} index: {index} dup key: {key}")


def value_at(document, path):
    for part in path.split("."):
        if not isinstance(document, dict) or part not in document:
            return None
        document = document[part]
    return document


def rank(value):
    """MongoDB's order between types (reference/bson-type-comparison-order), and within them."""
    match value:
        case None: return (1, 0)
        case bool(): return (8, value)
        case int() | float(): return (2, value)
        case str(): return (3, value.encode())
        case dict(): return (4, tuple((rank(item), name) for name, item in value.items()))
        case list(): return (5, tuple(rank(item) for item in value))
        case ObjectId(): return (7, value)
        case _ if hasattr(value, "year"): return (9, value)
    raise ServerError(238, "NotImplemented", f"the stand-in doesn't order {type(value).__name__}")


class Index:
    def __init__(self, specification):
        self.name = specification["name"]
        self.keys = list(specification["key"].items())
        self.unique = specification.get("unique", False)
        self.partial = specification.get("partialFilterExpression")
        self.entries = []
        if any(direction != 1 for _, direction in self.keys):
            raise ServerError(238, "NotImplemented", "the stand-in's indexes ascend")

    def holds(self, document):
        return self.partial is None or filter_applies(self.partial, document)

    def key(self, document):
        values = [value_at(document, path) for path, _ in self.keys]
        if any(isinstance(value, list) for value in values):
            raise ServerError(238, "NotImplemented", "the stand-in doesn't index arrays")
        return tuple(rank(value) for value in values)

    def entry(self, document):
        return (self.key(document), rank(document["_id"]), document["_id"])

    def add(self, document):
        if self.holds(document):
            bisect.insort(self.entries, self.entry(document))

    def remove(self, document):
        if self.holds(document):
            del self.entries[bisect.bisect_left(self.entries, self.entry(document))]

    def would_collide(self, document):
        if not self.unique or not self.holds(document):
            return False
        key = self.key(document)
        place = bisect.bisect_left(self.entries, (key,))
        return place < len(self.entries) and self.entries[place][0] == key and self.entries[place][2] != document["_id"]

    def plan(self, query, sort):
        """(how well it fits, the entries in question, whether they come in order), or None when it is of no use."""
        if self.partial is not None and any(query.get(path) != wanted for path, wanted in self.partial.items()):
            return None
        prefix = []
        for path, _ in self.keys:
            if path not in query or isinstance(query[path], dict):
                break
            prefix.append(rank(query[path]))
        rest = [path for path, _ in self.keys[len(prefix):]]
        low, high = (tuple(prefix),), (tuple(prefix) + ((99,),),)
        bounds = query.get(rest[0]) if rest else None
        bounded = False
        if isinstance(bounds, dict):
            for operator, bound in bounds.items():
                if operator in ("$gt", "$gte"):
                    low, bounded = (tuple(prefix) + (rank(bound),),), True
                elif operator in ("$lt", "$lte"):
                    high, bounded = (tuple(prefix) + (rank(bound), (99,)),), True
        fixed = {path for path, _ in self.keys[:len(prefix)]}
        wanted = [(path, direction) for path, direction in sort if path not in fixed]
        in_order = [path for path, _ in wanted] == rest[:len(wanted)] and len({direction for _, direction in wanted}) <= 1
        if not prefix and not bounded and not (sort and in_order):
            return None
        entries = self.entries[bisect.bisect_left(self.entries, low):bisect.bisect_left(self.entries, high)]
        if wanted and in_order and wanted[0][1] < 0:
            entries.reverse()
        return (len(prefix) * 2 + bounded + in_order, entries, in_order)


class Collection:
    scratch = mongomock.MongoClient()["scratch"]["scratch"]

    def __init__(self, name):
        self.name, self.documents, self.indexes, self.scans = name, {}, {}, 0

    def create_index(self, specification):
        if specification["name"] not in self.indexes:
            index = Index(specification)
            for document in self.documents.values():
                if index.would_collide(document):
                    raise duplicate_key(self.name, index.name, index.key(document))
                index.add(document)
            self.indexes[index.name] = index

    def insert(self, document):
        document = {"_id": document.get("_id", ObjectId()), **document}
        if isinstance(document["_id"], list):
            raise ServerError(53, "InvalidIdField", "the '_id' value cannot be of type array")
        if document["_id"] in self.documents:
            raise duplicate_key(self.name, "_id_", document["_id"])
        self.check(document)
        self.documents[document["_id"]] = document
        for index in self.indexes.values():
            index.add(document)
        return document["_id"]

    def check(self, document):
        for index in self.indexes.values():
            if index.would_collide(document):
                raise duplicate_key(self.name, index.name, index.key(document))

    def find(self, query, sort=(), skip=0, limit=0):
        """The documents themselves, in order: not to be changed."""
        candidates, in_order = self.candidates(query, list(sort))
        end = skip + limit if limit and in_order else None
        found = []
        for document in candidates:
            if filter_applies(query, document):
                found.append(document)
                if len(found) == end:
                    break
        if not in_order:
            for path, direction in reversed(list(sort)):
                found.sort(key=lambda document: rank(value_at(document, path)), reverse=direction < 0)
        return found[skip:skip + limit if limit else None]

    def candidates(self, query, sort):
        by_id = query.get("_id")
        if isinstance(by_id, str):
            return [self.documents[by_id]] if by_id in self.documents else [], True
        if isinstance(by_id, dict) and set(by_id) == {"$in"}:
            return [self.documents[name] for name in by_id["$in"] if name in self.documents], not sort
        plans = [plan for index in self.indexes.values() if (plan := index.plan(query, sort))]
        if not plans:
            self.scans += 1
            return list(self.documents.values()), not sort
        _, entries, in_order = max(plans, key=lambda plan: plan[0])
        return (self.documents[name] for *_, name in entries), in_order

    def remove(self, document):
        del self.documents[document["_id"]]
        for index in self.indexes.values():
            index.remove(document)

    def changed(self, document, update, inserts=False, query=None):
        """What the update makes of the document; mongomock knows how."""
        check_update(update)
        Collection.scratch.drop()
        if inserts:
            result = Collection.scratch.update_one(query, update, upsert=True)
            return Collection.scratch.find_one({"_id": result.upserted_id})
        Collection.scratch.insert_one(copy.deepcopy(document))
        Collection.scratch.update_one({"_id": document["_id"]}, update)
        return keep_width(document, Collection.scratch.find_one())

    def update(self, query, update, many=False, upsert=False, sort=()):
        """(matched, modified, upserted id or None, the last document as it was, as it is)"""
        found = self.find(query, sort, limit=0 if many else 1)
        if not found and upsert:
            made = self.changed(None, update, inserts=True, query=query)
            return 0, 0, self.insert(made), None, made
        modified, before, after = 0, None, None
        for document in found:
            before, after = document, self.changed(document, update)
            if after != before:
                self.check(after)
                self.remove(before)
                self.documents[after["_id"]] = after
                for index in self.indexes.values():
                    index.add(after)
                modified += 1
        return len(found), modified, None, before, after


def keep_width(before, after):
    """A server's $inc keeps 64 bits where there were 64; Python's numbers have no width."""
    for name, value in after.items():
        if isinstance(before.get(name), Int64) and type(value) is int:
            after[name] = Int64(value)
    return after


def check_update(update):
    """What a server refuses and mongomock lets through."""
    if not update or not all(name.startswith("$") for name in update):
        raise ServerError(238, "NotImplemented", "the stand-in knows updates by operators only")
    paths = [path for change in update.values() for path in change]
    for path in paths:
        if any(other == path or other.startswith(f"{path}.") for other in paths if other is not path) or paths.count(path) > 1:
            raise ServerError(40, "ConflictingUpdateOperators", f"Updating the path '{path}' would create a conflict at '{path}'")
