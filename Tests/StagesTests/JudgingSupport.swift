import Crypto
import Foundation
import Messages
import Rules
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

/// Where nobody looks.
final class Nowhere: RecordSink {
    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) {}
}

/// Topics of an installation in memory, filled by hand.
struct JudgingBench {
    let pipeline = Pipeline()
    let partitions: Int32
    let driver: InMemoryDriver

    init(
        _ stages: [any Stage],
        partitions: Int32,
        seed: UInt64 = 1,
        disturbances: InMemoryDriver.Disturbances = .init()
    ) throws {
        self.partitions = partitions
        var topics: [String: Int32] = [:]
        for topic in Topics.all { topics[topic.name(in: "")] = topic.partitionCount(tables: partitions) }
        driver = try InMemoryDriver(
            stages: stages,
            topics: topics,
            progressTopic: Topics.progress.name(in: ""),
            completionType: Topics.completionType,
            seed: seed,
            disturbances: disturbances
        )
    }

    /// Determinations alone, of a clock that stands still.
    static func determining(
        partitions: Int32 = 2,
        frameworks: FrameworkSet = .builtIn,
        framing: SchemaFraming? = nil,
        seed: UInt64 = 1,
        disturbances: InMemoryDriver.Disturbances = .init()
    ) throws -> JudgingBench {
        try JudgingBench(
            [
                DeterminationStage(
                    pipeline: Pipeline(),
                    frameworks: frameworks,
                    framing: framing,
                    clock: { 1_569_000_000_000 }
                )
            ],
            partitions: partitions,
            seed: seed,
            disturbances: disturbances
        )
    }

    func put(_ topic: TopicDefinition, _ key: String, _ message: (any Message)?, partition: Int32, cause: String = "")
        throws
    {
        let value: [UInt8]? = try message.map { try $0.serializedBytes() }
        driver.append(
            StoredRecord(key: Array(key.utf8), value: value, eventType: topic.eventType, cause: cause),
            topic: pipeline.name(topic),
            partition: partition
        )
        guard topic == Topics.determinations else { return }
        try confirm(key, value, partition: partition)
    }

    /// Confirms a determination as its stage does.
    func confirm(_ key: String, _ value: [UInt8]?, partition: Int32) throws {
        var confirmation = Accountability_V1_Confirmation()
        if let value { confirmation.sha256 = Data(SHA256.hash(data: value)) }
        driver.append(
            StoredRecord(
                key: Array(key.utf8),
                value: value == nil ? nil : try confirmation.serializedBytes(),
                eventType: Topics.confirmations.eventType
            ),
            topic: pipeline.name(Topics.confirmations),
            partition: partition
        )
    }

    func district(_ code: String) -> Int32 { Pipeline.partition(ofDistrictOf: code, partitions: partitions) }

    /// Closes a year on topics.
    func close(_ year: Int, _ topics: TopicDefinition...) throws {
        for topic in topics {
            try driver.close(scope: String(year), topic: pipeline.name(topic))
            if topic == Topics.determinations {
                try driver.close(scope: String(year), topic: pipeline.name(Topics.confirmations))
            }
        }
    }

    /// Marks a release on topics: everything that was submitted before it is there.
    func mark(_ submission: String, _ topics: TopicDefinition...) throws {
        for topic in topics { try driver.close(scope: "release/\(submission)", topic: pipeline.name(topic)) }
    }

    /// Closes a year on everything that the determination stage reads.
    func closeMeasures(_ year: Int) throws {
        try close(year, Topics.participation, Topics.indicators, Topics.percentiles, Topics.directives)
    }

    func messages<M: Message>(_ topic: TopicDefinition, _ type: M.Type) throws -> [String: M] {
        var result: [String: M] = [:]
        for (key, value) in driver.table(pipeline.name(topic)) {
            result[String(decoding: key, as: UTF8.self)] = try M(serializedBytes: value)
        }
        return result
    }

    func determinations() throws -> [String: Accountability_V1_Determination] {
        try messages(Topics.determinations, Accountability_V1_Determination.self)
    }

    /// Every record of a topic of one key, oldest first.
    func history(_ topic: TopicDefinition, _ key: String) -> [StoredRecord] {
        (driver.topics[pipeline.name(topic)] ?? []).flatMap { $0 }.filter { $0.key == Array(key.utf8) }
    }

    // MARK: Facts

    func organization(
        _ year: Int,
        _ code: String,
        nonHigh: UInt32? = 400,
        high: UInt32? = 0,
        comparison: String = "non_high",
        grades: String = "",
        title1: Bool = false,
        nces: String = "",
        enrollment: UInt32 = 0,
        cause: String = ""
    ) throws {
        var organization = Accountability_V1_Organization()
        organization.type = code.hasSuffix("0000") ? .district : .school
        organization.name = "Organization \(code)"
        organization.districtCode = String(code.prefix(4)) + "0000"
        organization.comparisonGroup = organization.type == .school ? comparison : ""
        organization.gradesServed = grades
        if let nonHigh { organization.nonHighEnrollment = nonHigh }
        if let high { organization.highEnrollment = high }
        organization.title1 = title1
        organization.ncesID = nces
        organization.enrollment = enrollment
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = UInt32(year)
        entry.orgCode = code
        entry.organization = organization
        try put(Topics.indicators, "\(year)/\(code)/organization", entry, partition: district(code), cause: cause)
    }

    func value(
        _ year: Int,
        _ code: String,
        _ span: String,
        _ group: String,
        _ indicator: String,
        _ value: String,
        count: UInt32? = 100,
        counted: Int64? = nil,
        difficultyQuartile: UInt32 = 0,
        enrollment: (nonHigh: UInt32, high: UInt32)? = nil,
        cause: String = ""
    ) throws {
        var measure = Accountability_V1_IndicatorValue()
        if let counted {
            measure.sum = counted
            measure.divisor = Int64(count ?? 0)
        }
        if let enrollment {
            measure.supplied = true
            measure.nonHighEnrollment = enrollment.nonHigh
            measure.highEnrollment = enrollment.high
        }
        measure.difficultyQuartile = difficultyQuartile
        measure.gradeSpan = span
        measure.group = group
        measure.indicator = indicator
        measure.value = value
        if let count { measure.count = count }
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = UInt32(year)
        entry.orgCode = code
        entry.value = measure
        let key = "\(year)/\(code)/value/\(span)/\(group)/\(indicator)"
        try put(Topics.indicators, key, entry, partition: district(code), cause: cause)
    }

    func target(
        _ year: Int,
        _ code: String,
        _ span: String,
        _ group: String,
        _ indicator: String,
        _ value: String,
        baseline: String = "",
        path: String = ""
    ) throws {
        var target = Accountability_V1_Target()
        target.gradeSpan = span
        target.group = group
        target.indicator = indicator
        target.target = value
        target.baseline = baseline
        target.path = path
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = UInt32(year)
        entry.orgCode = code
        entry.target = target
        let key = "\(year)/\(code)/target/\(span)/\(group)/\(indicator)"
        try put(Topics.indicators, key, entry, partition: district(code))
    }

    /// Values and a target that give these points under the framework of 2019, with the value of the year before.
    func points(
        _ year: Int,
        _ code: String,
        _ span: String,
        _ group: String,
        _ table: some Sequence<(key: String, value: Int)>
    )
        throws
    {
        for (indicator, points) in table {
            if indicator.hasSuffix("growth") {
                let mean = ["25.0", "35.0", "45.0", "55.0", "65.0"][points]
                try value(year, code, span, group, indicator, mean)
                continue
            }
            let lower = indicator == "dropout" || indicator == "chronic_absenteeism"
            // Distances from the target, ten better than the year before: declined, no change, improved, met, exceeded.
            let distance = [-14, -10, -5, 0, 8][points]
            // Graduation stays above what would be a reason of its own.
            let goal = indicator == "four_year_graduation" ? 85 : 50
            let current = lower ? goal - distance : goal + distance
            try value(year - 1, code, span, group, indicator, "\(lower ? goal + 10 : goal - 10).0")
            try value(year, code, span, group, indicator, "\(current).0")
            // Where the year before was measured otherwise, the baseline stands in.
            try target(year, code, span, group, indicator, "\(goal).0", baseline: "\(lower ? goal + 10 : goal - 10).0")
        }
    }

    func participation(
        _ year: Int,
        _ code: String,
        _ group: String,
        met: Bool?,
        students: UInt32 = 60,
        cause: String = ""
    ) throws {
        var rate = Accountability_V1_Participation()
        rate.schoolYear = UInt32(year)
        rate.orgCode = code
        rate.grade = "all"
        rate.group = group
        rate.subject = "combined"
        rate.participants = met == false ? 90 : 99
        rate.denominator = 100
        rate.rate = rate.participants
        rate.judgedRateExact = "\(rate.participants).0000"
        rate.students = students
        if let met { rate.requirementMet = met }
        rate.judged = true
        let key = "\(year)/\(code)/all/\(group)/combined"
        try put(Topics.participation, key, rate, partition: district(code), cause: cause)
    }

    func percentile(
        _ year: Int,
        _ code: String,
        _ group: String,
        _ value: UInt32,
        comparison: String = "non_high",
        lowestTitle1: Bool = false,
        cause: String = ""
    )
        throws
    {
        var percentile = Accountability_V1_Percentile()
        percentile.lowestTitle1 = lowestTitle1
        percentile.orgCode = code
        percentile.group = group
        percentile.comparisonGroup = comparison
        percentile.percentile = value
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = UInt32(year)
        entry.percentile = percentile
        let key = "\(year)/\(code)/\(group)/\(comparison)"
        try put(Topics.percentiles, key, entry, partition: district(code), cause: cause)
    }

    /// A statewide threshold, in every partition, under its key without the year and `threshold`.
    func threshold(_ year: Int, _ name: String, at80: String = "", at90: String = "", cause: String = "") throws {
        let text = "\(year)/threshold/\(name)"
        let key = try #require(PercentileKey(text))
        guard case .threshold(let type, let place, let quartile) = key.entry else { return }
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = UInt32(year)
        entry.threshold.type = type == .district ? .district : .school
        entry.threshold.gradeSpan = place.span.wireName
        entry.threshold.group = place.group.wireName
        entry.threshold.indicator = place.indicator.wireName
        entry.threshold.difficultyQuartile = UInt32(quartile ?? 0)
        entry.threshold.at80 = at80
        entry.threshold.at90 = at90
        for partition in 0..<partitions {
            try put(Topics.percentiles, text, entry, partition: partition, cause: cause)
        }
    }

    func directive(
        _ year: Int,
        _ name: String,
        _ code: String,
        _ kind: String,
        reason: String = "",
        date: String = "",
        end: String = "",
        reference: String = "",
        submission: String = "acts-1",
        marked: Bool = false,
        document: String = "",
        cause: String = ""
    ) throws {
        var directive = Accountability_V1_Directive()
        directive.marked = marked
        directive.document = document
        directive.submission = submission
        directive.effectiveDate = date
        directive.reference = reference
        directive.directive = name
        directive.schoolYear = UInt32(year)
        directive.orgCode = code
        directive.kind = kind
        directive.reason = reason
        directive.endDate = end
        try put(Topics.directives, "\(year)/\(name)/\(code)/\(kind)", directive, partition: 0, cause: cause)
    }

    func standing(
        _ year: Int,
        _ group: StudentGroup,
        _ code: String,
        _ comparison: String,
        nonHigh: UInt32 = 0,
        high: UInt32 = 0,
        title1: Bool = false,
        difficultyQuartile: UInt32 = 0,
        _ values: [(span: String, indicator: String, value: String)],
        cause: String = ""
    ) throws {
        var standing = Accountability_V1_Standing()
        standing.schoolYear = UInt32(year)
        standing.group = group.wireName
        standing.orgCode = code
        standing.type = code.hasSuffix("0000") ? .district : .school
        standing.comparisonGroup = comparison
        if nonHigh + high > 0 {
            standing.nonHighEnrollment = nonHigh
            standing.highEnrollment = high
        }
        standing.title1 = title1
        standing.values = values.map { value in
            var slot = Accountability_V1_StandingValue()
            slot.gradeSpan = value.span
            slot.indicator = value.indicator
            slot.value = value.value
            if value.indicator == "el_progress" { slot.difficultyQuartile = difficultyQuartile }
            return slot
        }
        try put(
            Topics.standings,
            "\(year)/\(group.wireName)/\(code)",
            standing,
            partition: KeyPlacement.group(group).partition(of: partitions) ?? 0,
            cause: cause
        )
    }
}

extension InMemoryDriver.Disturbances {
    /// Crashes, aborts and repetitions in small batches.
    static var all: InMemoryDriver.Disturbances {
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 7
        disturbances.abortEvery = 7
        disturbances.repeatEvery = 5
        disturbances.batch = 17
        return disturbances
    }
}
