extension Layout {
    /// The columns in canonical order; the common ones come first.
    public var columns: [Column] {
        switch self {
        case .organizations: Layout.organizationColumns
        case .assessmentResults: Layout.assessmentColumns
        case .attendance: Layout.attendanceColumns
        case .englishProficiency: Layout.englishProficiencyColumns
        case .graduationCohort: Layout.graduationColumns
        case .advancedCoursework: Layout.advancedCourseworkColumns
        case .participationCounts: Layout.participationColumns
        case .indicatorValues: Layout.indicatorColumns
        case .targets: Layout.targetColumns
        case .directives: Layout.directiveColumns
        case .enrollmentOutcomes: Layout.enrollmentOutcomeColumns
        case .organizationChanges: Layout.organizationChangeColumns
        }
    }

    private static let count = Column.Kind.integer(0...10_000_000)

    private static let common = [
        Column("school_year", .year, "the spring year: 2018-19 is 2019"),
        Column("org_code", .code8, "the organization: 00000000 the state, dddd0000 a district, otherwise a school"),
        Column("action", .choice(["upsert", "delete"]), .optional, "upsert (default) or delete the row with this key"),
    ]

    private static let student =
        common + [
            Column("student_id", .studentIdentifier, "the submitter's identifier; replaced by a pseudonym on entry")
        ]

    private static let groupColumns = [
        Column("grade", .grade(orAll: false), "the grade the student is in"),
        Column("race", .choice(Vocabulary.races), "race and ethnicity, one group a student"),
        Column("low_income", .yesNo, "from a low-income family"),
        Column("el_status", .choice(Vocabulary.englishLearnerStatuses), "English learner: no, yes, former, first year"),
        Column("swd", .yesNo, "student with disabilities"),
        Column("enrolled_since_october", .yesNo, "enrolled in this organization since October 1"),
    ]

    private static let organizationColumns =
        common + [
            Column("org_type", .choice(["state", "district", "school"]), "the level"),
            Column("name", .text(maxLength: 200), "the name to publish"),
            Column("district_code", .code8, .mayBeEmpty, "the district of a school"),
            Column("region", .text(maxLength: 100), .optional, "the Department's region"),
            Column("school_type", .text(maxLength: 40), .optional, "for instance ES, MS, HS, ESMS, MSHS, K-12"),
            Column(
                "comparison_group",
                .choice(Vocabulary.comparisonGroups),
                .mayBeEmpty,
                "the peers a school is ranked among"
            ),
            Column(
                "grades_served",
                .text(maxLength: 60),
                .optional,
                "grades separated by commas, for instance K,01,02"
            ),
            Column("title1", .yesNo, .optional, "a Title I school or district"),
            Column("enrollment", count, .mayBeEmpty, "students on October 1, all grades"),
            Column("non_high_enrollment", count, .mayBeEmpty, "of those, grades 1 to 8"),
            Column("high_enrollment", count, .mayBeEmpty, "of those, grades 9 to 12"),
            Column("enrollment_low_income", count, .optional, "of the enrollment, low income"),
            Column("enrollment_swd", count, .optional, "of the enrollment, students with disabilities"),
            Column("enrollment_el", count, .optional, "of the enrollment, English learners"),
            Column("nces_lea_id", .text(maxLength: 7), .optional, "the district's NCES identifier, seven digits"),
            Column(
                "nces_school_id",
                .text(maxLength: 12),
                .optional,
                "a school's NCES identifier, twelve digits, of which the first seven are its district's"
            ),
        ]

    private static let assessmentColumns: [Column] = {
        var columns = student + groupColumns
        columns.append(Column("prior_org_code", .code8, .optional, "the school of the year before, if it is known"))
        for (prefix, subject, hasGrowth) in [
            ("ela", "ELA", true), ("math", "math", true), ("science", "science", false),
        ] {
            columns.append(
                Column(
                    "\(prefix)_status",
                    .choice(Vocabulary.testStatuses),
                    "\(subject): T tested, ALT alternate, ABS absent, MED medical, EXF first-year EL exempt, EXN EL without"
                        + " the EL test, NR not required"
                )
            )
            columns.append(
                Column(
                    "\(prefix)_scaled_score",
                    .integer(200...560),
                    .mayBeEmpty,
                    "\(subject): composite scaled score, 440 to 560, on the legacy scale 200 to 280; of ALT the assigned one"
                )
            )
            guard hasGrowth else { continue }
            columns.append(
                Column("\(prefix)_sgp", .integer(1...99), .mayBeEmpty, "\(subject): student growth percentile")
            )
            columns.append(
                Column(
                    "\(prefix)_prior_scaled_score",
                    .integer(200...560),
                    .optional,
                    "\(subject): score of the year before"
                )
            )
        }
        return columns
    }()

    private static let attendanceColumns =
        student + groupColumns + [
            Column("days_enrolled", .integer(0...200), "days in membership; a school year has at most 200"),
            Column("days_absent", .integer(0...200), "of those, days absent"),
        ]

    private static let englishProficiencyColumns =
        student + groupColumns + [
            Column(
                "difficulty_quartile",
                .integer(1...4),
                .mayBeEmpty,
                "how hard the student's target is to meet, 1 to 4"
            ),
            Column("met_progress", .yesNo, "met the year's ACCESS progress target"),
        ]

    private static let graduationColumns =
        student + groupColumns + [
            Column("cohort_year", .year, "the year in which the cohort is due to graduate in four years"),
            Column("four_year_graduate", .yesNo, "graduated in four years or fewer"),
            Column("five_year_graduate", .yesNo, "graduated in five years or fewer"),
            Column("still_enrolled_after_five", .yesNo, "still enrolled after five years"),
            Column("dropped_out", .yesNo, "dropped out; the dropout rate is read from enrollment_outcomes"),
        ]

    // Whether the student is enrolled here in the year of the determinations decides nothing about the year before.
    private static let enrollmentOutcomeColumns =
        student + groupColumns.dropLast() + [
            Column(
                "enrolled_since_october",
                .yesNo,
                .optional,
                "enrolled in this organization since October 1; decides nothing here"
            ),
            Column("enrolled_october", .yesNo, "enrolled on October 1 of the year before"),
            Column("dropped_out", .yesNo, "dropped out from July 1 to June 30"),
            Column("returned_by_october", .yesNo, "returned by the October 1 after it"),
        ]

    private static let advancedCourseworkColumns =
        student + groupColumns + [
            Column("completed", .yesNo, "completed at least one advanced course")
        ]

    private static let participationColumns =
        common + [
            Column("grade", .grade(orAll: true), "a grade, or all"),
            Column("group", .group, "the student group: a wire name or a published spelling"),
            Column(
                "subject",
                .choice(Vocabulary.subjects, synonyms: ["MTH": "Math", "Science": "STE"]),
                "ELA, Math or STE (science, technology and engineering)"
            ),
            Column("enrolled", count, .mayBeEmpty, "students enrolled at the time of the test"),
            Column("standard", count, .mayBeEmpty, "took the standard test"),
            Column("alternate", count, .mayBeEmpty, "took the alternate assessment"),
            Column("absent", count, .mayBeEmpty, "absent"),
            Column("medical", count, .mayBeEmpty, "absent for a documented medical reason"),
            Column("first_year_el", count, .mayBeEmpty, "first-year English learners: participants in every subject"),
            Column("after_october", count, .mayBeEmpty, "tested, but enrolled after October 1"),
            Column(
                "el_not_tested",
                count,
                .optional,
                "English learners who did not take the EL test: not participants in ELA"
            ),
            Column("published_rate", .integer(0...100), .optional, "the rate once published, to compare with"),
        ]

    private static let measured =
        common + [
            Column("grade_span", .choice(Vocabulary.gradeSpans), "tests in grades 3 to 8, or in grade 10"),
            Column("group", .group, "the student group: a wire name or a published spelling"),
            Column("indicator", .choice(Vocabulary.indicators), "the indicator"),
        ]

    private static let indicatorColumns =
        common + [
            Column(
                "comparison_group",
                .choice(Vocabulary.comparisonGroups),
                .mayBeEmpty,
                "the peers a school is ranked among"
            )
        ] + measured.dropFirst(common.count) + [
            Column("value", .decimal(0...1_000), "the value: a mean score, an index or a percentage"),
            Column("count", count, .mayBeEmpty, "the students it is of"),
            Column(
                "school_type",
                .text(maxLength: 40),
                .optional,
                "of the lower grades: ES, ESMS or MS, whose absenteeism is ranked together"
            ),
            Column("non_high_enrollment", count, .optional, "the school's students of grades 1 to 8"),
            Column("high_enrollment", count, .optional, "the school's students of grades 9 to 12"),
            Column(
                "difficulty_quartile",
                .integer(1...4),
                .optional,
                "of EL progress: how hard the targets are to meet, 1 to 4"
            ),
        ]

    private static let targetColumns =
        measured + [
            Column("baseline", .decimal(0...1_000), .mayBeEmpty, "the value the target starts from"),
            Column("target", .decimal(0...1_000), "the value to reach in the year"),
            Column(
                "path",
                .choice(Vocabulary.targetPaths),
                .optional,
                "the path that a target of achievement follows, from 2023"
            ),
        ]

    private static let directiveColumns =
        common + [
            Column("directive", .choice(Vocabulary.directives), "the act"),
            Column(
                "kind",
                .choice(Vocabulary.directiveKinds),
                "what is designated, recognised, released, suspended, reviewed, filed, reconfigured or appealed"
            ),
            Column("effective_date", .date, "the day it takes effect; of a filing the day it was filed"),
            Column(
                "end_date",
                .date,
                .optional,
                "the day it ends, of an appeal the day it is due, of a preliminary release the last day of the embargo; empty while it lasts"
            ),
            Column("reason", .text(maxLength: 500), .optional, "the reason to publish, or the text of a comment"),
            Column(
                "reference",
                .text(maxLength: 200),
                .optional,
                "the decision, submission or plan that it is based on"
            ),
            Column("rating", .choice(Vocabulary.reviewRatings), .optional, "of a review by a standard"),
            Column("parts", .text(maxLength: 300), .optional, "the parts of a filing, separated by semicolons"),
            Column(
                "packages_root",
                .text(maxLength: 64),
                .optional,
                "of the state's official release: the root of the districts' packages, 64 hexadecimal digits"
            ),
            Column(
                "document",
                .document(maxLength: 200_000),
                .optional,
                "of the framework steps proposed and recommended: the framework, as its YAML document"
            ),
        ]

    private static let organizationChangeColumns =
        common + [
            Column(
                "change",
                .choice(Vocabulary.organizationChanges),
                "what happened to the organization; school_year is the first year of the new state"
            ),
            Column(
                "prior_org_code",
                .code8,
                .mayBeEmpty,
                "of a recoded, merged or split organization: the code whose history it may take"
            ),
            Column(
                "prior_enrollment",
                count,
                .optional,
                "of a merged organization: the students of prior_org_code in the year before"
            ),
            Column("reason", .text(maxLength: 500), .optional, "the reason to publish"),
            Column("reference", .text(maxLength: 200), .optional, "the decision that it is based on"),
        ]
}
