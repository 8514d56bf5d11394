/// How fast a receiver has got what it was sent, over the last half second of its own clock.
struct AcknowledgedRate {
    private static let bucketMS: Int64 = 50
    private static let buckets = 10
    private static let latestBuckets: Int64 = 3

    private var bytes = InlineArray<10, Int>(repeating: 0)
    /// Of the bucket that is being filled; nil before the first packet.
    private var newest: Int64?
    private var oldest: Int64 = 0

    mutating func receive(bytes count: Int, atMS arrival: Double) {
        let bucket = Int64(arrival) / Self.bucketMS
        guard let newest else {
            (self.newest, oldest) = (bucket, bucket)
            bytes[index(bucket)] = count
            return
        }
        if bucket > newest {
            if bucket - newest >= 2 * Int64(Self.buckets) { oldest = bucket }  // a pause says nothing of the link
            for passed in max(newest + 1, bucket - Int64(Self.buckets) + 1)...bucket { bytes[index(passed)] = 0 }
            self.newest = bucket
        }
        if bucket > (self.newest ?? bucket) - Int64(Self.buckets) { bytes[index(bucket)] += count }
    }

    /// In bits a second; nil while too little has come to tell.
    var bitsPerSecond: Double? {
        guard let newest else { return nil }
        // The bucket that is being filled is not whole yet.
        let first = max(oldest, newest - Int64(Self.buckets) + 1)
        guard newest - first >= 3 else { return nil }
        var sum = 0
        for bucket in first..<newest { sum += bytes[index(bucket)] }
        return Double(sum * 8) * 1_000 / Double((newest - first) * Self.bucketMS)
    }

    /// The same over its last moments: what a link carries at most, when a queue is growing in it. Nil: too little has come.
    var latest: Double? {
        guard let newest, newest - oldest > Self.latestBuckets else { return nil }
        var sum = 0
        for bucket in newest - Self.latestBuckets..<newest { sum += bytes[index(bucket)] }
        return Double(sum * 8) * 1_000 / Double(Self.latestBuckets * Self.bucketMS)
    }

    private func index(_ bucket: Int64) -> Int {
        Int((bucket % Int64(Self.buckets) + Int64(Self.buckets)) % Int64(Self.buckets))
    }
}
