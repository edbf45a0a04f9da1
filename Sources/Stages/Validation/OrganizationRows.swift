import Messages
import Rules
import Tables

private enum Place {
    static let type = Layout.organizations.place("org_type")
    static let name = Layout.organizations.place("name")
    static let district = Layout.organizations.place("district_code")
    static let region = Layout.organizations.place("region")
    static let schoolType = Layout.organizations.place("school_type")
    static let comparisonGroup = Layout.organizations.place("comparison_group")
    static let grades = Layout.organizations.place("grades_served")
    static let title1 = Layout.organizations.place("title1")
    static let enrollment = Layout.organizations.place("enrollment")
    static let nonHigh = Layout.organizations.place("non_high_enrollment")
    static let high = Layout.organizations.place("high_enrollment")
    static let lowIncome = Layout.organizations.place("enrollment_low_income")
    static let disability = Layout.organizations.place("enrollment_swd")
    static let englishLearner = Layout.organizations.place("enrollment_el")
    static let ncesDistrict = Layout.organizations.place("nces_lea_id")
    static let ncesSchool = Layout.organizations.place("nces_school_id")
}

/// Canonical places of counts of participation, in the order of the message's fields.
private enum CountPlace {
    static let grade = Layout.participationCounts.place("grade")
    static let group = Layout.participationCounts.place("group")
    static let subject = Layout.participationCounts.place("subject")
    static let enrolled = Layout.participationCounts.place("enrolled")
    static let standard = Layout.participationCounts.place("standard")
    static let alternate = Layout.participationCounts.place("alternate")
    static let absent = Layout.participationCounts.place("absent")
    static let medical = Layout.participationCounts.place("medical")
    static let firstYear = Layout.participationCounts.place("first_year_el")
    static let afterOctober = Layout.participationCounts.place("after_october")
    static let learnersNotTested = Layout.participationCounts.place("el_not_tested")
    static let publishedRate = Layout.participationCounts.place("published_rate")
}

extension RowCheck {
    mutating func organization(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        appendToKey(RowCheck.organizationColumn, line)
        guard !isDeletion else { return .none }
        var declared = Accountability_V1_Organization()
        let type = choice(Place.type, line).flatMap { OrganizationType(rawValue: UInt8($0)) }
        declared.type =
            switch type {
            case .state: .state
            case .district: .district
            case .school: .school
            case nil: .unspecified
            }
        if let type, let organization, organization.type != type { fault(.typeNotOfCode, Place.type) }
        let district = code(Place.district, line)
        if let district, let organization, organization.district != district {
            fault(.districtNotOfCode, Place.district)
        }
        declared.name = text(Place.name, line)
        declared.districtCode = (district ?? organization?.district)?.description ?? ""
        declared.region = text(Place.region, line)
        declared.schoolType = text(Place.schoolType, line)
        declared.comparisonGroup = word(Place.comparisonGroup, line)
        declared.gradesServed = text(Place.grades, line)
        declared.title1 = yesNo(Place.title1, line) ?? false
        let enrollment = integer(Place.enrollment, line)
        declared.enrollment = UInt32(enrollment ?? 0)
        if let enrolled = part(Place.nonHigh, of: enrollment, line) { declared.nonHighEnrollment = enrolled }
        if let enrolled = part(Place.high, of: enrollment, line) { declared.highEnrollment = enrolled }
        declared.enrollmentLowIncome = part(Place.lowIncome, of: enrollment, line) ?? 0
        declared.enrollmentSwd = part(Place.disability, of: enrollment, line) ?? 0
        declared.enrollmentEl = part(Place.englishLearner, of: enrollment, line) ?? 0
        declared.ncesID = nces(text(Place.ncesDistrict, line), text(Place.ncesSchool, line), type)
        return .record(.organization(declared))
    }

    /// Seven digits of a district; of a school these and five of its own.
    private mutating func nces(_ district: String, _ school: String, _ type: OrganizationType?) -> String {
        func isNumber(_ text: String, _ digits: Int) -> Bool {
            text.utf8.count == digits && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        if !district.isEmpty, type == .state || !isNumber(district, 7) {
            fault(.malformedNCES, Place.ncesDistrict)
        }
        let isOfDistrict = district.isEmpty || school.hasPrefix(district)
        if !school.isEmpty, type != .school || !isNumber(school, 12) || !isOfDistrict {
            fault(.malformedNCES, Place.ncesSchool)
        }
        return school.isEmpty ? district : school
    }

    private mutating func part(_ column: Int, of enrollment: Int?, _ line: Span<UInt8>) -> UInt32? {
        guard let part = integer(column, line) else { return nil }
        if let enrollment, part > enrollment { fault(.partMoreThanEnrollment, column) }
        return UInt32(part)
    }

    mutating func participation(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        let isAll = field(CountPlace.grade, line).isEqual(to: "all")
        let number = isAll ? nil : grade(CountPlace.grade, line)
        let group = group(CountPlace.group, line)
        let subject = word(CountPlace.subject, line)
        let grade = isAll ? "all" : number.map { ($0 < 10 ? "0" : "") + String($0) } ?? ""
        appendToKey(RowCheck.organizationColumn, line)
        appendToKey(grade)
        appendToKey(group?.wireName ?? "")
        appendToKey(subject)
        guard !isDeletion, let group else { return .none }
        var counts = Accountability_V1_ParticipationCounts()
        counts.grade = grade
        counts.groupLabel = field(CountPlace.group, line).text
        counts.group = group.wireName
        counts.subject = subject
        counts.enrolled = count(CountPlace.enrolled, line)
        counts.standard = count(CountPlace.standard, line)
        counts.alternate = count(CountPlace.alternate, line)
        counts.absent = count(CountPlace.absent, line)
        counts.medical = count(CountPlace.medical, line)
        counts.firstYearEl = count(CountPlace.firstYear, line)
        counts.afterOctober = count(CountPlace.afterOctober, line)
        counts.elNotTested = count(CountPlace.learnersNotTested, line)
        // Published elsewhere and compared only by `evaluate`; a value that is not a rate is still an error of the row.
        _ = integer(CountPlace.publishedRate, line)
        return .record(.participationCounts(counts))
    }

    private mutating func count(_ column: Int, _ line: Span<UInt8>) -> UInt32 {
        UInt32(clamping: integer(column, line) ?? 0)
    }
}
