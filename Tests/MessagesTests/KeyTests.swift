import Messages
import Rules
import Testing

/// Numbers from a seed, so that a failure can be repeated.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func year() -> Int { Int.random(in: SchoolYear.range, using: &self) }
    mutating func code() -> OrganizationCode {
        OrganizationCode(rawValue: UInt32.random(in: 0..<100_000_000, using: &self)) ?? .state
    }
    mutating func word<Word: WireNamed>(_: Word.Type = Word.self) -> Word {
        let all = Array(Word.allCases)
        return all[Int.random(in: 0..<all.count, using: &self)]
    }
    mutating func place() -> IndicatorPlace { IndicatorPlace(word(), word(), word()) }
    mutating func name() -> String {
        ["all", "03", "Students w/ disab.", "é", "x y"][Int.random(in: 0..<5, using: &self)]
            .replacing("/", with: "-")
    }
}

@Suite struct KeyTests {
    private func holds<Key: TopicKey>(_ key: Key, _ random: inout Seeded) {
        #expect(Key(key.text) == key)
        // Any other text is no key, or the text of another one: a key reads only what it would write.
        var bytes = Array(key.text.utf8)
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(UInt8(ascii: "/"), at: place)
        default: bytes.remove(at: place)
        }
        if let other = Key(utf8: bytes.span) { #expect(Array(other.text.utf8) == bytes) }
        #expect(Key(key.text + "/") == nil || Key(key.text + "/")?.text == key.text + "/")
    }

    @Test("Every key reads back what it wrote, and nothing that it would not write", arguments: 0..<64 as Range<UInt64>)
    func roundTrips(seed: UInt64) {
        var random = Seeded(state: seed)
        for _ in 0..<50 {
            holds(DeterminationKey(schoolYear: random.year(), organization: random.code()), &random)
            holds(
                ParticipationKey(
                    schoolYear: random.year(),
                    organization: random.code(),
                    grade: random.name(),
                    group: random.word(),
                    unit: Bool.random(using: &random) ? .combined : .subject(random.word())
                ),
                &random
            )
            let entries: [IndicatorKey.Entry] = [.organization, .value(random.place()), .target(random.place())]
            for entry in entries {
                holds(IndicatorKey(schoolYear: random.year(), organization: random.code(), entry), &random)
            }
            holds(StandingKey(schoolYear: random.year(), group: random.word(), organization: random.code()), &random)
            let percentiles: [PercentileKey.Entry] = [
                .percentile(random.code(), random.word(), random.word()),
                .threshold(random.word(), random.place(), difficultyQuartile: nil),
                .threshold(random.word(), random.place(), difficultyQuartile: Int.random(in: 1...4, using: &random)),
                .norm(random.word(), random.code()),
            ]
            for entry in percentiles { holds(PercentileKey(schoolYear: random.year(), entry), &random) }
            holds(
                DirectiveKey(schoolYear: random.year(), random.word(), of: random.code(), kind: random.name()),
                &random
            )
            holds(
                ReceiptKey(submission: random.name(), partition: Int32.random(in: 0...Int32.max, using: &random)),
                &random
            )
            holds(
                RejectionKey(
                    submission: random.name(),
                    line: Int.random(in: 0...Int(UInt32.max), using: &random),
                    code: random.name(),
                    column: Bool.random(using: &random) ? random.name() : nil
                ),
                &random
            )
            holds(LedgerBlockKey(submission: random.name(), line: Int.random(in: 0...Int.max, using: &random)), &random)
            holds(DeliveryKey(channel: random.name(), notice: "2019/00010000/1"), &random)
        }
    }

    @Test(
        "Keys of strangers are none",
        arguments: [
            "-9223372036854775808/norm/all_students/00010000", "9223372036854775807/norm/all_students/00010000",
            "02019/norm/all_students/00010000", "2019/norm/all_students/0001000", "2019/norm/nobody/00010000",
            "2019/threshold/school/high/all_students/dropout/5", "2019/threshold/school/high/all_students/dropout/",
            "2019/00010000/all_students", "2019/00010000/all_students/high/x", "", "/", "2019",
        ]
    )
    func refusesStrangers(text: String) {
        #expect(PercentileKey(text) == nil)
        #expect(DeterminationKey(text) == nil)
        #expect(StandingKey(text) == nil)
    }

    @Test("The texts are those that subscribers know")
    func texts() throws {
        let school = try #require(OrganizationCode("00350012"))
        #expect(DeterminationKey(schoolYear: 2019, organization: school).text == "2019/00350012")
        let place = IndicatorPlace(.nonHigh, .lowestPerforming, .elaGrowth)
        #expect(
            IndicatorKey(schoolYear: 2019, organization: school, .value(place)).text
                == "2019/00350012/value/non_high/lowest_performing/ela_growth"
        )
        #expect(
            PercentileKey(schoolYear: 2019, .threshold(.school, place, difficultyQuartile: 3)).text
                == "2019/threshold/school/non_high/lowest_performing/ela_growth/3"
        )
        #expect(
            PercentileKey(schoolYear: 2019, .percentile(school, .highNeeds, .middleHigh)).text
                == "2019/00350012/high_needs/middle_high"
        )
        #expect(
            DirectiveKey(schoolYear: 2019, .frameworkStep, of: .state, kind: "approved").text
                == "2019/framework_step/00000000/approved"
        )
        #expect(PercentileKey("2019/00350012/high_needs/middle_high")?.placement == .district(of: school))
    }
}
