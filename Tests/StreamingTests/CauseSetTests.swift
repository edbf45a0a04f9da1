import Testing
@testable import Streaming

/// A set of causes is the same in whatever order and in whatever parts it came.
@Suite struct CauseSetTests {
    @Test func oneNameIsItsOwnText() {
        #expect(CauseSet().text.isEmpty && CauseSet("").isEmpty)
        #expect(CauseSet("20190901T000000000Z-1a2b3c").text == "20190901T000000000Z-1a2b3c")
    }

    @Test func namesAreInOrderAndOnce() {
        var set = CauseSet("b")
        for name in ["a", "c", "b", "a", ""] { set.insert(name) }
        #expect(set.names == ["a", "b", "c"] && set.latest == "c" && set.text == "a,b,c")
        set.insert("c,d")
        #expect(set.text == "a,b,c,d")
        #expect(set.isSuperset(of: CauseSet("b,d")) && !set.isSuperset(of: CauseSet("e")))
    }

    @Test(arguments: ["corrections, second.csv", "100%.csv", "%2C", ",", "a,b%25"])
    func aNameCanHaveAComma(_ name: String) {
        var set = CauseSet("first")
        var other = CauseSet()
        other.insert(CauseSet.single(name).text)
        set.formUnion(other)
        #expect(set.names.contains(name) && set.names.count == 2)
        #expect(CauseSet(set.text) == set)
    }

    @Test("Whatever the order and the parts, the latest names are kept", arguments: 1...40 as ClosedRange<UInt64>)
    func orderDoesNotMatter(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...120, using: &random)
        let names = (0..<count).map { "20190901T\(1000 + $0)" }
        var whole = CauseSet()
        for name in names { whole.insert(name) }
        #expect(whole.names == names.suffix(CauseSet.mostNames) && whole.hasMore == (count > CauseSet.mostNames))
        // In parts that overlap, through their texts, in any order.
        var parts = (0..<7).map { _ in CauseSet() }
        for name in names.shuffled(using: &random) {
            parts[Int.random(in: 0..<7, using: &random)].insert(name)
            if Bool.random(using: &random) { parts[Int.random(in: 0..<7, using: &random)].insert(name) }
        }
        var sum = CauseSet()
        for part in parts.shuffled(using: &random) { sum.insert(part.text) }
        #expect(sum == whole && CauseSet(whole.text) == whole)
    }
}
