/// A small seeded generator (SplitMix64): the same numbers on every machine, for ever.
///
/// Everything is integer arithmetic. The system's generators and floating point promise less.
struct Random {
    private var state: UInt64

    /// A generator of its own for each of many things (`stream` says what kind, `index` which one).
    init(seed: UInt64, stream: UInt64, index: UInt64 = 0) {
        state = Random.mix(
            Random.mix(seed &+ 0x9E37_79B9_7F4A_7C15) ^ Random.mix(stream) ^ (index &* 0xD6E8_FEB8_6659_FD93)
        )
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Random.mix(state)
    }

    /// A number from 0 to `bound` - 1.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
    }

    /// A number within `range`.
    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True in so many of a thousand cases.
    mutating func chance(_ perMille: Int) -> Bool {
        below(1000) < perMille
    }

    /// A nearly normal number with mean 0: the sum of four uniform ones, within 3.5 standard deviations.
    mutating func normal(_ standardDeviation: Int) -> Int {
        let bits = next()
        let sum = Int(bits & 0xFFFF) + Int(bits >> 16 & 0xFFFF) + Int(bits >> 32 & 0xFFFF) + Int(bits >> 48)
        // 4 uniform numbers below 65,536 sum to 131,070 on average with a standard deviation of 37,837.
        return (sum - 131_070) * standardDeviation / 37_837
    }
}

/// A curve through equally spaced points, straight between them.
struct Curve {
    let points: [Int]

    /// The value at `position` of `length`, both ends included.
    func value(at position: Int, of length: Int) -> Int {
        let last = points.count - 1
        let scaled = min(max(position, 0), length) * last
        let index = min(scaled / max(1, length), last - 1)
        let rest = scaled - index * length
        return points[index] + (points[index + 1] - points[index]) * rest / max(1, length)
    }

    /// Where a number in thousandths of a standard deviation stands among 1,000 students (the normal distribution).
    static func perMille(ofNormal thousandths: Int) -> Int {
        let half = Curve.normalUpperHalf.value(at: abs(thousandths), of: 3000)
        return thousandths < 0 ? 1000 - half : half
    }

    // The cumulative normal distribution at 0, 0.25, … 3 standard deviations.
    private static let normalUpperHalf = Curve(
        points: [500, 599, 691, 773, 841, 894, 933, 960, 977, 988, 994, 997, 999]
    )
}
