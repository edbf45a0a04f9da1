import Streaming
import Testing

@testable import Stages

/// The table that stages keep their rows in.
@Suite(.timeLimit(.minutes(30))) struct FlatTableTests {
    /// Keys of few different bits, so that many entries want the same places.
    private static func key(_ random: inout SplitMix64) -> UInt128 {
        let number = UInt128(random.next(upperBound: UInt64(300)))
        return random.next(upperBound: UInt64(2)) == 0 ? number : number << 120
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func theTableHoldsWhatADictionaryHolds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var table = FlatTable<Int>()
        var dictionary: [UInt128: Int] = [:]
        for step in 0..<20_000 {
            let key = Self.key(&random)
            switch random.next(upperBound: UInt64(6)) {
            case 0, 1: #expect(table.updateValue(step, forKey: key) == dictionary.updateValue(step, forKey: key))
            case 2, 3: #expect(table.removeValue(forKey: key) == dictionary.removeValue(forKey: key))
            case 4:
                table.change(key) { $0 += 1 }
                dictionary[key]? += 1
            default:
                let value = step.isMultiple(of: 2) ? step : nil
                table[key] = value
                dictionary[key] = value
            }
            #expect(table.count == dictionary.count)
        }
        for number in UInt128(0)..<300 {
            for key in [number, number << 120] { #expect(table[key] == dictionary[key]) }
        }
    }

    @Test func everyKeyIsFoundAgainAfterTheTableHasGrown() {
        var random = SplitMix64(seed: 9)
        var table = FlatTable<UInt64>()
        let keys = (0..<100_000).map { _ in UInt128(random.next()) << 64 | UInt128(random.next()) }
        for (number, key) in keys.enumerated() { table[key] = UInt64(number) }
        #expect(table.count == keys.count)
        #expect(keys.indices.allSatisfy { table[keys[$0]] == UInt64($0) })
        for key in keys { table.removeValue(forKey: key) }
        #expect(table.count == 0 && keys.allSatisfy { table[$0] == nil })
    }
}
