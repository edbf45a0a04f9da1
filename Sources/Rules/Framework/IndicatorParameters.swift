/// How an achievement value is measured.
public enum AchievementMeasure: String, Sendable, CaseIterable {
    /// Mean composite scaled score.
    case scaledScore = "scaled_score"
    /// Composite performance index, 0 to 100.
    case cpi
}

/// The values of the indicators: 603 CMR 2.03(2)(b).
public struct IndicatorParameters: Sendable {
    /// A row of the table that turns a scaled score into index points.
    public struct IndexRow: Hashable, Sendable {
        /// The lowest score of the row.
        public let from: Int
        /// The highest score of the row.
        public let to: Int
        /// The index points.
        public let points: Int
    }

    /// The most thresholds of chronic absenteeism that a framework can have.
    public static let mostThresholds = 8

    /// How each achievement indicator is measured, by span.
    public let measures: [GradeSpan: Parameter<[Indicator: AchievementMeasure]>]
    /// The tables that turn a scaled score into index points, by subject, of the grades without a table of their own.
    public let indexTables: [Subject: Parameter<[IndexRow]>]
    /// The tables of single grades, by subject and grade.
    public let gradeIndexTables: [Subject: [Grade: Parameter<[IndexRow]>]]
    /// How a value is rounded.
    public let valueRounding: Parameter<Rounding>
    /// Chronically absent: absent this percentage of the days enrolled, or more.
    ///
    /// The first is the one that counts in the framework's years. The rates at the others are kept beside it: a later
    /// year whose framework counts at one of them is compared with that rate. At most ``mostThresholds``.
    public let chronicAbsenceThresholds: Parameter<[Ratio]>
    /// Chronic absenteeism: days in membership a student needs.
    public let chronicAbsenceMinimumDays: Parameter<Int>
    /// The grades that count in EL progress.
    public let progressGrades: Parameter<[Grade]>
    /// The statuses of a test whose score counts in achievement, where the row has one.
    public let achievementStatuses: Parameter<[TestStatus]>
    /// The statuses of a test whose growth percentile counts.
    public let growthStatuses: Parameter<[TestStatus]>
    /// Whether scores of first-year English learners count in achievement.
    public let firstYearInAchievement: Parameter<Bool>
    /// Whether only students enrolled since October count in achievement.
    public let octoberEnrollment: Parameter<Bool>
    /// Whether only students enrolled since October count in growth, absenteeism, EL progress and advanced coursework.
    public let otherOctoberEnrollment: Parameter<Bool>
    /// Whether only students enrolled since October count in the rates of a graduation cohort.
    public let cohortOctoberEnrollment: Parameter<Bool>
    /// The grades that count in chronic absenteeism.
    public let chronicAbsenceGrades: Parameter<[Grade]>
    /// School years between the data and the determination, by indicator; 0 where absent.
    public let dataLags: Parameter<[Indicator: Int]>
    /// How the mean of the students' difficulty quartiles of EL progress is rounded to that of their organization.
    public let difficultyRounding: Parameter<Rounding>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        var measures: [GradeSpan: Parameter<[Indicator: AchievementMeasure]>] = [:]
        for span in GradeSpan.allCases {
            measures[span] = try reader.read(
                "indicators.measure.\(span)",
                "a table of achievement indicators to scaled_score or cpi"
            ) { $0.byName(Indicator.self) { $0.scalar.flatMap(AchievementMeasure.init(rawValue:)) } }
        }
        self.measures = measures
        var tables: [Subject: Parameter<[IndexRow]>] = [:]
        var gradeTables: [Subject: [Grade: Parameter<[IndexRow]>]] = [:]
        for subject in Subject.allCases {
            tables[subject] = try Self.indexTable(reader, "indicators.cpi.\(subject)")
            for grade in (1...12).compactMap({ Grade(number: $0) }) {
                let path = "indicators.cpi_by_grade.\(subject).\(grade)"
                let table = try reader.optional(path) { path throws(FrameworkError) in
                    try Self.indexTable(reader, path)
                }
                if let table { gradeTables[subject, default: [:]][grade] = table }
            }
        }
        indexTables = tables
        gradeIndexTables = gradeTables
        valueRounding = try reader.rounding("indicators.value_rounding")
        chronicAbsenceThresholds = try reader.read(
            "indicators.chronic_absence.thresholds",
            "a list of 1 to \(Self.mostThresholds) percentages"
        ) {
            value in
            let numbers = value.list?.compactMap(\.ratio) ?? []
            return (1...Self.mostThresholds).contains(numbers.count) && numbers.count == value.list?.count
                ? numbers : nil
        }
        chronicAbsenceMinimumDays = try reader.integer("indicators.chronic_absence.minimum_days")
        chronicAbsenceGrades = try reader.grades("indicators.chronic_absence.grades")
        progressGrades = try reader.grades("indicators.el_progress_grades")
        achievementStatuses = try Self.statuses(reader, "indicators.achievement_statuses")
        growthStatuses = try Self.statuses(reader, "indicators.growth_statuses")
        firstYearInAchievement = try reader.flag("indicators.first_year_in_achievement")
        otherOctoberEnrollment = try reader.flag("indicators.other_october_enrollment")
        octoberEnrollment = try reader.flag("indicators.october_enrollment")
        cohortOctoberEnrollment = try reader.flag("indicators.cohort_october_enrollment")
        dataLags = try reader.read("indicators.data_lags", "a table of indicators to years") {
            $0.byName(Indicator.self) { $0.integer }
        }
        difficultyRounding = try reader.rounding("indicators.difficulty_rounding")
    }

    private static func statuses(
        _ reader: ParameterReader,
        _ path: String
    ) throws(FrameworkError) -> Parameter<[TestStatus]> {
        try reader.read(path, "a list of test statuses: T, ALT, EXN") { $0.names(TestStatus.self) }
    }

    /// Rows in the order of their scores, none of which is in two of them.
    private static func indexTable(
        _ reader: ParameterReader,
        _ path: String
    ) throws(FrameworkError) -> Parameter<[IndexRow]> {
        try reader.read(path, "a list of {from, to, points} in the order of scores, without overlaps") { value in
            var rows: [IndexRow] = []
            for row in value.list ?? [] {
                guard let from = row.table?["from"]?.integer, let to = row.table?["to"]?.integer,
                    let points = row.table?["points"]?.integer, from <= to, from > rows.last?.to ?? .min
                else { return nil }
                rows.append(IndexRow(from: from, to: to, points: points))
            }
            return rows.isEmpty ? nil : rows
        }
    }

    /// How an achievement indicator is measured in a span; nil for other indicators.
    public func measure(_ indicator: Indicator, _ span: GradeSpan) -> AchievementMeasure? {
        measures[span]?.value[indicator]
    }

    /// School years between the data of an indicator and the determination.
    public func lag(_ indicator: Indicator) -> Int { dataLags.value[indicator] ?? 0 }
}

/// The lowest performing group: 603 CMR 2.03(2)(b)(1).
public struct LowestPerformingParameters: Sendable {
    /// By what students are ordered.
    public enum Basis: String, Sendable, CaseIterable {
        /// The ELA and mathematics scaled scores of the year before, of students enrolled here both years.
        case priorYearScores = "prior_year_scores"
        /// The ELA and mathematics scaled scores of the current year.
        case currentScores = "current_scores"
    }

    /// Who can be in the group.
    public enum Qualification: String, Sendable, CaseIterable {
        /// Students of whom a score counts in achievement.
        case countedInAchievement = "counted_in_achievement"
        /// Students who count in results, with or without a score of the year.
        case enrolled
    }

    /// Which schools make a district one of several.
    public enum CountedSchools: String, Sendable, CaseIterable {
        /// Every school that is declared.
        case every
        /// Those that serve any grade beyond kindergarten.
        case beyondKindergarten = "beyond_kindergarten"
    }

    /// Whether the group exists, by span.
    public let exists: [GradeSpan: Parameter<Bool>]
    /// By what students are ordered, by span.
    public let basis: [GradeSpan: Parameter<Basis>]
    /// Who can be in the group.
    public let qualifies: Parameter<Qualification>
    /// The share of students in the group, percent.
    public let share: Parameter<Ratio>
    /// How the size of the group is rounded.
    public let sizeRounding: Parameter<Rounding>
    /// Whether all students at the cut are in the group.
    public let tiesIncluded: Parameter<Bool>
    /// The indicators that count for the group, by span.
    public let indicators: [GradeSpan: Parameter<[Indicator]>]
    /// Whether science of the high span counts for districts of several schools.
    public let highScienceInMultiSchoolDistricts: Parameter<Bool>
    /// Which schools make a district one of several.
    public let multiSchoolCounts: Parameter<CountedSchools>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        var exists: [GradeSpan: Parameter<Bool>] = [:]
        var basis: [GradeSpan: Parameter<Basis>] = [:]
        var indicators: [GradeSpan: Parameter<[Indicator]>] = [:]
        for span in GradeSpan.allCases {
            exists[span] = try reader.flag("lowest_performing.exists.\(span)")
            basis[span] = try reader.choice("lowest_performing.basis.\(span)", Basis.self)
            indicators[span] = try reader.read("lowest_performing.indicators.\(span)", "a list of indicators") {
                $0.names(Indicator.self)
            }
        }
        self.exists = exists
        self.basis = basis
        self.indicators = indicators
        qualifies = try reader.choice("lowest_performing.qualifies")
        share = try reader.percent("lowest_performing.share")
        sizeRounding = try reader.rounding("lowest_performing.size_rounding")
        tiesIncluded = try reader.flag("lowest_performing.ties_included")
        highScienceInMultiSchoolDistricts = try reader.flag("lowest_performing.high_science_in_multi_school_districts")
        multiSchoolCounts = try reader.choice("lowest_performing.multi_school_counts")
    }
}
