import Messages
import Rules
public import Tables

/// Every reason for refusing a row.
///
/// The names are stable: rejections and the README contain them.
public enum RejectionCode: String, CaseIterable, Sendable, Hashable {
    // Rows that could not be read.
    case nulByte = "nul_byte"
    case invalidUTF8 = "invalid_utf8"
    case unclosedQuote = "unclosed_quote"
    case strayQuote = "stray_quote"
    case strayCarriageReturn = "stray_carriage_return"
    case rowTooLong = "row_too_long"
    case fieldCount = "field_count"
    case missingStudentIdentifier = "missing_student_id"
    case malformedStudentIdentifier = "malformed_student_id"

    // A single value is wrong.
    case missingValue = "missing_value"
    case malformedYear = "malformed_year"
    case malformedCode = "malformed_code"
    case malformedInteger = "malformed_integer"
    case malformedDecimal = "malformed_decimal"
    case malformedDate = "malformed_date"
    case outOfRange = "out_of_range"
    case unknownChoice = "unknown_choice"
    case unknownGrade = "unknown_grade"
    case unknownGroup = "unknown_group"
    case textTooLong = "text_too_long"
    case controlCharacter = "control_character"

    // Values that contradict each other.
    case scoreMissing = "score_missing"
    case scoreWithoutTest = "score_without_test"
    case scoreOffScale = "score_off_scale"
    case growthWithoutTest = "growth_without_test"
    case growthNotInGrade = "growth_not_in_grade"
    case gradeNotTested = "grade_not_tested"
    case exemptNotFirstYear = "exempt_not_first_year"
    case noTestNotEnglishLearner = "el_test_not_el"
    case statusNotInSubject = "status_not_in_subject"
    case absentMoreThanEnrolled = "absent_more_than_enrolled"
    case notEnglishLearner = "not_english_learner"
    case gradeNotHighSchool = "grade_not_high_school"
    case gradeNotUpper = "grade_not_upper"
    case cohortNotJudged = "cohort_not_judged"
    case graduateNotWithinFive = "graduate_not_within_five"
    case graduateStillEnrolled = "graduate_still_enrolled"
    case dropoutNotGone = "dropout_not_gone"
    case typeNotOfCode = "type_not_of_code"
    case districtNotOfCode = "district_not_of_code"
    case malformedNCES = "malformed_nces_id"
    case partMoreThanEnrollment = "part_more_than_enrollment"
    case indicatorNotInSpan = "indicator_not_in_span"
    case rateAboveHundred = "rate_above_hundred"
    case pathNotOfTarget = "path_not_of_target"
    case targetOffScale = "target_off_scale"
    case kindNotOfDirective = "kind_not_of_directive"
    case endBeforeStart = "end_before_start"
    case organizationNotOfDirective = "organization_not_of_directive"
    case reasonNotStated = "reason_not_stated"
    case submissionNotNamed = "submission_not_named"
    case suspensionNotOfYear = "suspension_not_of_year"
    case suspensionWithoutCause = "suspension_without_cause"
    case ratingNotOfReview = "rating_not_of_review"
    case partNotOfPlan = "part_not_of_plan"
    case rootNotOfRelease = "root_not_of_release"
    case documentNotOfStep = "document_not_of_step"
    case documentNotOfYear = "document_not_of_year"
    case invalidFramework = "invalid_framework"
    case organizationNotOfChange = "organization_not_of_change"
    case formerCodeNotOfChange = "former_code_not_of_change"
    case changeOfItself = "change_of_itself"
    case formerCodeOfOtherDistrict = "former_code_of_other_district"
    case enrollmentNotOfChange = "enrollment_not_of_change"

    // An act that conflicts with earlier acts.
    case frameworkStepOutOfOrder = "framework_step_out_of_order"
    case commentPeriodOpen = "comment_period_open"
    case commentOutsidePeriod = "comment_outside_period"
    case otherDocument = "other_document"
    case resultsUnderEmbargo = "results_under_embargo"

    // A row that conflicts with the ledger.
    case yearNotOpen = "year_not_open"
    case unknownOrganization = "unknown_organization"
    case duplicateKey = "duplicate_key"
    case nothingToDelete = "nothing_to_delete"
    case claimedByTwoDistricts = "claimed_by_two_districts"
    case suppliedShadowed = "supplied_shadowed"

    /// Whether the code is only a note: the row counts, and receipts do not count it as rejected.
    public var isNote: Bool { self == .claimedByTwoDistricts }

    /// The code for an error of the CSV reader.
    public init(_ code: CSVError.Code) {
        self = RejectionCode(rawValue: code.description) ?? .fieldCount
    }

    /// The columns that the code is about.
    public var columns: String {
        switch self {
        case .nulByte, .invalidUTF8, .unclosedQuote, .strayQuote, .strayCarriageReturn, .rowTooLong, .fieldCount,
            .duplicateKey, .nothingToDelete, .suppliedShadowed:
            "the row as a whole"
        case .missingStudentIdentifier, .malformedStudentIdentifier: "student_id"
        case .missingValue: "any column that needs a value"
        case .malformedYear, .yearNotOpen: "school_year"
        case .malformedCode: "eight-digit codes"
        case .malformedInteger: "whole numbers"
        case .malformedDecimal: "decimal numbers"
        case .malformedDate: "dates"
        case .outOfRange: "numbers"
        case .unknownChoice: "words of a closed list, including action"
        case .unknownGrade, .gradeNotTested: "grade"
        case .unknownGroup: "group, race"
        case .textTooLong, .controlCharacter: "texts"
        case .scoreMissing, .scoreWithoutTest, .scoreOffScale: "scaled scores"
        case .growthWithoutTest, .growthNotInGrade: "growth percentiles"
        case .exemptNotFirstYear, .noTestNotEnglishLearner, .statusNotInSubject: "test statuses"
        case .absentMoreThanEnrolled: "days_absent"
        case .notEnglishLearner: "el_status"
        case .gradeNotHighSchool, .gradeNotUpper: "grade"
        case .cohortNotJudged: "cohort_year"
        case .graduateNotWithinFive: "five_year_graduate"
        case .graduateStillEnrolled: "still_enrolled_after_five"
        case .dropoutNotGone: "dropped_out"
        case .typeNotOfCode: "org_type"
        case .districtNotOfCode: "district_code"
        case .malformedNCES: "nces_lea_id, nces_school_id"
        case .partMoreThanEnrollment: "enrollments of parts"
        case .indicatorNotInSpan: "indicator"
        case .rateAboveHundred: "value, baseline, target"
        case .pathNotOfTarget: "path"
        case .targetOffScale: "baseline, target"
        case .organizationNotOfDirective, .organizationNotOfChange: "org_code"
        case .reasonNotStated, .suspensionWithoutCause: "reason"
        case .submissionNotNamed: "reference"
        case .suspensionNotOfYear: "school_year"
        case .ratingNotOfReview: "rating"
        case .partNotOfPlan: "parts"
        case .rootNotOfRelease: "packages_root"
        case .documentNotOfStep, .documentNotOfYear, .invalidFramework: "document"
        case .otherDocument: "reference, document"
        case .formerCodeNotOfChange, .changeOfItself, .formerCodeOfOtherDistrict: "prior_org_code"
        case .enrollmentNotOfChange: "prior_enrollment"
        case .frameworkStepOutOfOrder: "kind"
        case .commentPeriodOpen, .commentOutsidePeriod: "effective_date"
        case .resultsUnderEmbargo: "effective_date, end_date"
        case .kindNotOfDirective: "kind"
        case .endBeforeStart: "end_date"
        case .unknownOrganization, .claimedByTwoDistricts: "org_code"
        }
    }

    /// The rule that the row breaks.
    public var rule: String {
        switch self {
        case .nulByte: "a row has no NUL byte"
        case .invalidUTF8: "a row is valid UTF-8"
        case .unclosedQuote: "a quoted field has a closing quotation mark"
        case .strayQuote: "a field that contains a quotation mark is quoted, and the mark is doubled (RFC 4180)"
        case .strayCarriageReturn: "a carriage return is followed by a line feed, or is inside quotes"
        case .rowTooLong: "a row has at most 900,000 bytes"
        case .fieldCount: "a row has as many fields as the header"
        case .missingStudentIdentifier: "a row about a student has the student's identifier"
        case .malformedStudentIdentifier: "an identifier has 1 to 32 letters, digits, - and _; it is no name or address"
        case .missingValue: "the column needs a value in every row"
        case .malformedYear: "a school year is the four digits of its spring, 2000 to 2100"
        case .malformedCode: "a code has exactly eight digits, including leading zeros"
        case .malformedInteger: "the value is a whole number, written in digits"
        case .malformedDecimal:
            "the value is a decimal number with a point, such as 52.3, with at most 15 digits before the point and 18 after it"
        case .malformedDate: "a date is written 2019-09-24"
        case .outOfRange: "the value is within its bounds"
        case .unknownChoice: "the value is one of the column's words"
        case .unknownGrade: "a grade is PK, K, 1 to 12, or all if the layout allows it"
        case .unknownGroup: "a group is one of the thirteen groups or a published spelling; a race is one of the seven"
        case .textTooLong: "a text has at most the allowed number of bytes"
        case .controlCharacter:
            "a text is one line without control characters: no line breaks, tabs, escapes or direction marks"
        case .scoreMissing, .scoreWithoutTest, .scoreOffScale, .growthWithoutTest, .growthNotInGrade, .gradeNotTested,
            .exemptNotFirstYear, .noTestNotEnglishLearner, .statusNotInSubject, .absentMoreThanEnrolled,
            .notEnglishLearner, .gradeNotHighSchool, .gradeNotUpper, .cohortNotJudged, .graduateNotWithinFive,
            .graduateStillEnrolled, .dropoutNotGone:
            ruleOfStudents
        case .typeNotOfCode: "00000000 is the state, dddd0000 is a district, any other code is a school"
        case .districtNotOfCode: "the district's code is the first four digits of the code and 0000"
        case .malformedNCES:
            "an NCES identifier has seven digits for a district and twelve for a school; the first seven of the twelve are its district's"
        case .partMoreThanEnrollment: "no part of the enrollment is larger than the enrollment"
        case .indicatorNotInSpan: "high school completion and advanced coursework exist only in the high span"
        case .rateAboveHundred: "a rate or growth percentile is at most 100"
        case .pathNotOfTarget: "only achievement targets follow a path, and only in years whose framework has several"
        case .targetOffScale:
            "an achievement target is on the scale of its baseline, 440 to 560 or 0 to 100; without a baseline, on the scale of the year's framework"
        case .organizationNotOfDirective, .reasonNotStated, .submissionNotNamed, .suspensionNotOfYear,
            .suspensionWithoutCause, .ratingNotOfReview, .partNotOfPlan, .rootNotOfRelease, .documentNotOfStep,
            .documentNotOfYear, .invalidFramework, .frameworkStepOutOfOrder, .commentPeriodOpen, .commentOutsidePeriod,
            .otherDocument, .resultsUnderEmbargo, .kindNotOfDirective, .endBeforeStart:
            ruleOfActs
        case .organizationNotOfChange, .formerCodeNotOfChange, .changeOfItself, .formerCodeOfOtherDistrict,
            .enrollmentNotOfChange, .suppliedShadowed:
            ruleOfRecords
        case .yearNotOpen: "rows are accepted only for open school years"
        case .unknownOrganization: "a row counts only while its organization is declared for the year"
        case .duplicateKey: "a submission has one row for each key; the first one counts"
        case .claimedByTwoDistricts:
            "a student belongs to one district in a year and layout; the row submitted last counts, and both districts are notified"
        case .nothingToDelete:
            "a deletion names a row that was accepted, with the same key and organization; the same deletion again is unchanged"
        }
    }

    /// The rule of a row about a student; the last one is that of ``dropoutNotGone``.
    private var ruleOfStudents: String {
        switch self {
        case .scoreMissing: "a tested student (T) has a scaled score"
        case .scoreWithoutTest:
            "only a tested student (T), an alternate result (ALT) and an English learner without the EL test (EXN) have a scaled score"
        case .scoreOffScale:
            "a scaled score is 440 to 560, but 200 to 280 in science, and in ELA and mathematics through 2018"
        case .growthWithoutTest: "only a tested student (T) has a growth percentile"
        case .growthNotInGrade: "growth percentiles exist in grades 4 to 8 and 10"
        case .gradeNotTested: "tests are taken in grades 3 to 12"
        case .exemptNotFirstYear: "EXF is for English learners in their first year (FY)"
        case .noTestNotEnglishLearner: "EXN is for English learners (EL or FY)"
        case .statusNotInSubject: "EXN exists only in ELA"
        case .absentMoreThanEnrolled: "days absent are no more than days enrolled"
        case .notEnglishLearner: "progress toward proficiency is only for English learners (EL or FY)"
        case .gradeNotHighSchool: "graduation cohorts and dropout are only for grades 9 to 12"
        case .gradeNotUpper: "advanced coursework is only for grades 11 and 12"
        case .cohortNotJudged: "a cohort is judged from its expected graduation year until four years later"
        case .graduateNotWithinFive: "a student who graduated in four years also graduated in five or fewer"
        case .graduateStillEnrolled: "a student who graduated is not still enrolled after five years"
        default: "a student who dropped out did not graduate and is not still enrolled"
        }
    }

    /// The rule of an act of the Department; the last one is that of ``endBeforeStart``.
    private var ruleOfActs: String {
        switch self {
        case .organizationNotOfDirective:
            "suspensions and framework steps are for the state, releases for the state or a district, reviews for a district or its schools, plans and designations for organizations that can have them"
        case .reasonNotStated:
            "a placement, a reconfiguration, a comment, a revision and an appeal need a reason; any other designation needs a reason or, as "
                + "its reference, the decision behind it"
        case .submissionNotNamed:
            "a revision or a change on appeal names the submission that corrected the figures; a filed or denied appeal names its letter"
        case .suspensionNotOfYear: "measures are suspended only for school year 2021-2022 (\(Paragraph.suspension))"
        case .suspensionWithoutCause:
            "a suspension states its good cause arising from the COVID-19 pandemic (\(Paragraph.suspension))"
        case .ratingNotOfReview:
            "a review by a standard has a rating, and nothing else has one (\(Paragraph.sixStandards))"
        case .partNotOfPlan:
            "a plan has only parts that the law names (\(Paragraph.planData), \(Paragraph.planForm))"
        case .rootNotOfRelease:
            "the root of packages is 64 lowercase hexadecimal digits, and only the official release of the state's results has it"
        case .documentNotOfStep:
            "only the framework steps proposed and recommended carry the document of a framework (\(Paragraph.consultation))"
        case .documentNotOfYear: "the document of a framework names the school year of the act among its school years"
        case .invalidFramework: "the document is not a framework that this version can read"
        case .frameworkStepOutOfOrder:
            "a framework is proposed, opened for comment, recommended, approved, in this order, and a step with comments or later steps is not withdrawn"
                + " (\(Paragraph.consultation))"
        case .commentPeriodOpen:
            "a comment period has a last day, and the recommendation comes after it, because it considers all comments (\(Paragraph.consultation))"
        case .commentOutsidePeriod:
            "a comment is made while the framework is open for comment (\(Paragraph.consultation))"
        case .otherDocument:
            "the Board approves the document that is proposed: its approval names this document's digest, or none (\(Paragraph.consultation))"
        case .resultsUnderEmbargo:
            "results under embargo become official on the last day of the embargo at the earliest; an embargo of the state or of one of its districts concerns both"
        case .kindNotOfDirective: "each directive has its own kinds"
        default: "an act does not end before it takes effect"
        }
    }

    /// The rule of a change of an organization, an appeal or a supplied figure; the last one is that of
    /// ``enrollmentNotOfChange``.
    private var ruleOfRecords: String {
        switch self {
        case .suppliedShadowed:
            "a figure that was counted or computed elsewhere stands only where no student records were submitted for the same organization, year and measure"
        case .organizationNotOfChange: "a district or a school changes, and not the state"
        case .formerCodeNotOfChange:
            "a recoded, merged or split organization names a former code; a closed one, and one whose grades changed, names none"
        case .changeOfItself: "only a merged organization names its own code, as one of those that it was made of"
        case .formerCodeOfOtherDistrict:
            "a former code is a school's, of the same district as the new one: results are not carried from one district to another, nor from one "
                + "district's code to another"
        default:
            "a merged organization states the enrollment of the former one in the year before, and no other change does"
        }
    }

    /// What to do about the rejection; nil if the message already says it.
    private var remedy: String? {
        switch self {
        case .yearNotOpen: nil
        case .unknownOrganization:
            "submit the organization, and the row counts by itself; or correct org_code; or allow undeclared organizations"
        case .duplicateKey: "keep one of the rows; to change a row, submit it again in a separate file"
        case .nothingToDelete: "name the organization that submitted it, or leave the row out"
        case .nulByte, .invalidUTF8: "save the file as UTF-8 and submit it again"
        case .suspensionNotOfYear: "no other year can be suspended"
        case .formerCodeOfOtherDistrict:
            "leave the row out: the organization starts anew under its code; submit the change closed for the former code"
        case .frameworkStepOutOfOrder: "submit the step before it first; withdraw later steps first"
        case .invalidFramework:
            "`accountability framework validate FILE` names the line and the parameter; correct it and submit the row again"
        case .otherDocument:
            "approve the digest that `accountability framework proposed YEAR --digest` prints; to propose another document, withdraw the "
                + "approval first"
        case .resultsUnderEmbargo:
            "make the release official on that day or later; or change or withdraw the other release first"
        default: "correct it and submit the row again"
        }
    }

    /// The message of a rejection: the place, the rule and what to do; never the value.
    ///
    /// - `year`: the row's school year, for ``yearNotOpen``.
    func message(column: Column?, year: Int?, closingLine: UInt64 = 0) -> String {
        if self == .unclosedQuote, closingLine > 0 {
            return
                "the quotation mark that opens a field in this line is closed in line \(closingLine) only; remove it, "
                + "or close the field in its line, and submit the file again"
        }
        if self == .yearNotOpen {
            let year = year.map(String.init) ?? "Y"
            return
                "school year \(year) is not open: open it with 'accountability open-year \(year)', then submit the row again"
        }
        return statement(of: column) + (remedy.map { "; \($0)" } ?? "")
    }

    /// The place and the rule, without what to do about it.
    func statement(of column: Column?) -> String {
        let subject = column.map { "\($0.name): " } ?? ""
        let bounds = column.flatMap { detail(of: $0.kind) }.map { " (\($0))" } ?? ""
        return subject + rule + bounds
    }

    /// The message to two districts that claim the same student.
    ///
    /// - `other`: the organization of the other district.
    /// - `counts`: the organization whose row counts.
    static func claimMessage(other: String, counts: String) -> String {
        "org_code: \(other) submitted the same student; \(claimedByTwoDistricts.rule), now \(counts); the district without the student "
            + "leaves the row out, or deletes it if it counts"
    }

    private func detail(of kind: Column.Kind) -> String? {
        switch (self, kind) {
        case (.outOfRange, .integer(let bounds)), (.outOfRange, .decimal(let bounds)):
            "\(bounds.lowerBound) to \(bounds.upperBound)"
        case (.unknownChoice, .choice(let words, _)): words.joined(separator: ", ")
        case (.unknownChoice, .yesNo): "Y, N"
        case (.textTooLong, .text(let length)): "\(length)"
        default: nil
        }
    }
}
