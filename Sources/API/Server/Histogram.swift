/// How often values lay below each of some bounds, as Prometheus counts them.
struct Histogram {
    let bounds: [Double]
    /// Those up to each bound, and all.
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double], _ values: some Sequence<Double> = []) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
        for value in values { add(value) }
    }

    mutating func add(_ value: Double) {
        sum += value
        counts[bounds.count] += 1
        for (place, bound) in bounds.enumerated() where value <= bound { counts[place] += 1 }
    }
}
