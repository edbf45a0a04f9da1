import Messages
import Rules
import Testing

/// What a record of the right type may not say.
@Suite struct CheckTests {
    private let school: OrganizationCode

    init() throws {
        school = try #require(OrganizationCode("00350012"))
    }

    private func determination(_ change: (inout Accountability_V1_Determination) -> Void) -> String? {
        var message = Accountability_V1_Determination()
        message.schoolYear = 2019
        message.orgCode = "00350012"
        message.revision = 3
        message.classification = "not_requiring_assistance"
        message.level = "meeting"
        message.annualExact = "81.5"
        message.cumulative = 82
        message.percentile = 60
        change(&message)
        return message.fault(under: DeterminationKey(schoolYear: 2019, organization: school))
    }

    @Test("A determination that was published passes, and each absurdity in it is found")
    func determinations() {
        #expect(determination { _ in } == nil)
        #expect(determination { $0.revision = .max } != nil)
        #expect(determination { $0.schoolYear = 2018 } != nil)
        #expect(determination { $0.orgCode = "00350013" } != nil)
        #expect(determination { $0.percentile = 0 } != nil)
        #expect(determination { $0.cumulative = 101 } != nil)
        #expect(determination { $0.annualExact = "900000000000000000" } != nil)
        #expect(determination { $0.annualExact = "81,5" } != nil)
        #expect(determination { $0.classification = "excellent" } != nil)
        #expect(determination { $0.reasons = ["weather"] } != nil)
        #expect(determination { $0.issuedUnixMilliseconds = -1 } != nil)
        #expect(determination { $0.graduates = .max } != nil)
    }

    private func publication(_ change: (inout Accountability_V1_Publication) -> Void) -> String? {
        var message = Accountability_V1_Publication()
        message.schoolYear = 2019
        message.orgCode = "00350012"
        message.status = "official"
        message.classification = "not_requiring_assistance"
        message.annualExact = "81.5"
        message.percentile = 60
        var figure = Accountability_V1_PublishedFigure()
        figure.measure = "non_high/ela_achievement"
        figure.group = "asian"
        figure.students = 40
        figure.value = "501.3"
        message.figures = [figure]
        message.decidedMeasures = [figure.measure]
        figure.measure = "participation/ELA"
        figure.value = ">=90"
        message.figures.append(figure)
        change(&message)
        return message.fault(under: DeterminationKey(schoolYear: 2019, organization: school))
    }

    @Test("A publication that was published passes, and each absurdity in it is found")
    func publications() {
        #expect(publication { _ in } == nil)
        #expect(publication { $0.status = "withdrawn" } == nil)
        #expect(publication { $0.status = "preliminary" } != nil)
        #expect(publication { $0.revision = .max } != nil)
        #expect(publication { $0.schoolYear = 2018 } != nil)
        #expect(publication { $0.orgCode = "00350013" } != nil)
        #expect(publication { $0.percentile = 0 } != nil)
        #expect(publication { $0.annualExact = "81,5" } != nil)
        #expect(publication { $0.classification = "excellent" } != nil)
        #expect(publication { $0.issuedUnixMilliseconds = -1 } != nil)
        #expect(publication { $0.figures[0].measure = "ela_achievement" } != nil)
        #expect(publication { $0.figures[1].measure = "participation/music" } != nil)
        #expect(publication { $0.figures[0].group = "tall" } != nil)
        #expect(publication { $0.figures[0].students = .max } != nil)
        #expect(publication { $0.figures[1] = $0.figures[0] } != nil, "two of one")
        #expect(publication { $0.decidedMeasures = ["non_high"] } != nil)
        #expect(publication { $0.annual = 101 } != nil)
    }

    private func value(
        _ text: String,
        count: UInt32 = 20,
        _ key: String,
        _ change: (inout Accountability_V1_IndicatorValue) -> Void = { _ in }
    ) -> String? {
        var message = Accountability_V1_IndicatorEntry()
        message.schoolYear = 2019
        message.orgCode = "00350012"
        message.value.gradeSpan = "high"
        message.value.group = "all_students"
        message.value.indicator = "four_year_graduation"
        message.value.value = text
        message.value.count = count
        change(&message.value)
        return IndicatorKey(key).map { message.fault(under: $0) } ?? "no key"
    }

    @Test("The value of an indicator is a decimal in range, under its own key")
    func indicators() {
        let own = "2019/00350012/value/high/all_students/four_year_graduation"
        #expect(value("91.7", own) == nil)
        #expect(value("57.784431137724546", own) == nil)
        #expect(value("100", own) == nil)
        #expect(value("100.00", own) == nil)
        for text in [
            "", "1000", "100.01", "101", "-1", "1000.1", "-900000000000000000", "nan", "1e3", "0.1234567890123456789",
            "1.", ".5",
        ] {
            #expect(value(text, own) != nil, "\(text)")
        }
        #expect(value("91.7", count: .max, own) != nil)
        // The numerator and the denominator of a rate that was counted are students of the count.
        #expect(value("90.0", count: 20, own) { ($0.sum, $0.divisor) = (18, 20) } == nil)
        for (sum, divisor) in [(21, 20), (-1, 20), (18, 19), (18, 0), (.min, 20), (900_000_000_000_000_000, .max)]
            as [(Int64, Int64)]
        {
            #expect(value("90.0", own) { ($0.sum, $0.divisor) = (sum, divisor) } != nil, "\(sum)/\(divisor)")
        }
        #expect(value("91.7", "2019/00350012/value/high/all_students/dropout") != nil)
        // More can drop out than were enrolled on October 1, and the rate is 100 all the same.
        let dropout = "2019/00350012/value/high/all_students/dropout"
        #expect(value("100.0", dropout) { ($0.indicator, $0.sum, $0.divisor) = ("dropout", 40, 20) } == nil)
        #expect(value("200.0", dropout) { ($0.indicator, $0.sum, $0.divisor) = ("dropout", 40, 20) } != nil)
        #expect(value("100.0", dropout) { ($0.indicator, $0.sum, $0.divisor) = ("dropout", -1, 20) } != nil)
        #expect(value("100.0", dropout) { ($0.indicator, $0.sum, $0.divisor) = ("dropout", .max, 20) } != nil)
        #expect(value("91.7", "2019/00350012/target/high/all_students/four_year_graduation") != nil)
        #expect(value("91.7", "2019/00350012/organization") != nil)
    }

    @Test("A norm weighs no later year, and a percentile is 1 to 99")
    func percentiles() throws {
        var norm = Accountability_V1_PercentileEntry()
        norm.schoolYear = 2019
        var standing = Accountability_V1_Standing()
        standing.schoolYear = 2018
        standing.group = "white"
        standing.orgCode = "00350012"
        standing.reconfigured = 2
        var growth = Accountability_V1_StandingValue()
        growth.gradeSpan = "high"
        growth.indicator = "ela_growth"
        growth.value = "51.5"
        standing.values = [growth]
        norm.norm.standings = [standing]
        let key = PercentileKey(schoolYear: 2019, .norm(.white, school))
        #expect(norm.fault(under: key) == nil)
        for year in [0, 1999, 2020, UInt32.max] {
            norm.norm.standings[0].schoolYear = year
            #expect(norm.fault(under: key) != nil, "\(year)")
        }
        norm.norm.standings[0].schoolYear = 2018
        let absurd: [(inout Accountability_V1_Standing) -> Void] = [
            { $0.reconfigured = .max }, { $0.values[0].indicator = "weather" }, { $0.values[0].gradeSpan = "" },
            { $0.values[0].value = "-900000000000000000" }, { $0.nonHighEnrollment = .max },
        ]
        for change in absurd {
            var other = norm
            change(&other.norm.standings[0])
            #expect(norm.fault(under: key) == nil && other.fault(under: key) != nil)
        }
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = 2019
        entry.percentile.orgCode = "00350012"
        entry.percentile.group = "white"
        entry.percentile.comparisonGroup = "high"
        for percentile in [0, 1, 99, 100, UInt32.max] {
            entry.percentile.percentile = percentile
            let fault = entry.fault(under: PercentileKey(schoolYear: 2019, .percentile(school, .white, .high)))
            #expect((fault == nil) == (1...99).contains(percentile), "\(percentile)")
        }
        // Where there is none, it says why, and has no comparison group where that is why.
        entry.percentile.missing = "comparison_group"
        entry.percentile.comparisonGroup = ""
        for percentile in [0, 1, 100] as [UInt32] {
            entry.percentile.percentile = percentile
            let fault = entry.fault(under: PercentileKey(schoolYear: 2019, .percentile(school, .white, .high)))
            #expect((fault == nil) == (percentile == 0), "\(percentile)")
        }
    }

    @Test("Participants are among those who were due")
    func participation() throws {
        var rate = Accountability_V1_Participation()
        rate.schoolYear = 2019
        rate.orgCode = "00350012"
        rate.grade = "all"
        rate.group = "white"
        rate.subject = "combined"
        rate.participants = 19
        rate.denominator = 20
        rate.rate = 95
        rate.rateExact = "95.0000"
        let key = try #require(ParticipationKey("2019/00350012/all/white/combined"))
        #expect(rate.fault(under: key) == nil)
        rate.participants = 21
        #expect(rate.fault(under: key) != nil)
        rate.participants = .max
        rate.denominator = .max
        #expect(rate.fault(under: key) != nil)
    }

    @Test("Receipts, rejections, directives, notices and deliveries stand under their own keys")
    func others() throws {
        var receipt = Accountability_V1_Receipt()
        receipt.submission = "s"
        receipt.partition = 3
        receipt.rows = 7
        #expect(receipt.fault(under: ReceiptKey(submission: "s", partition: 3)) == nil)
        #expect(receipt.fault(under: ReceiptKey(submission: "s", partition: 2)) != nil)
        receipt.rows = .max
        #expect(receipt.fault(under: ReceiptKey(submission: "s", partition: 3)) != nil)

        var directive = Accountability_V1_Directive()
        directive.schoolYear = 2019
        directive.directive = "designation"
        directive.orgCode = "00350012"
        directive.kind = "underperforming"
        directive.effectiveDate = "2018-07-01"
        let act = DirectiveKey(schoolYear: 2019, .designation, of: school, kind: "underperforming")
        #expect(directive.fault(under: act) == nil)
        directive.effectiveDate = "tomorrow"
        #expect(directive.fault(under: act) != nil)

        directive.effectiveDate = ""
        directive.directive = "organization_change"
        directive.kind = "recoded"
        directive.priorOrgCode = "00350016"
        let former = try #require(OrganizationCode("00350016"))
        #expect(directive.fault(under: DirectiveKey(changeOf: school, in: 2019, former: former)) == nil)
        #expect(directive.fault(under: DirectiveKey(changeOf: school, in: 2019, former: nil)) != nil)
        #expect(directive.fault(under: DirectiveKey(changeOf: school, in: 2018, former: former)) != nil)
        directive.priorOrgCode = "00360016"
        let stranger = try #require(OrganizationCode("00360016"))
        #expect(directive.fault(under: DirectiveKey(changeOf: school, in: 2019, former: stranger)) != nil)

        var delivery = Accountability_V1_Delivery()
        delivery.channel = "mail"
        delivery.notice = "2019/00350012/1"
        delivery.state = "waiting"
        let key = DeliveryKey(channel: "mail", notice: "2019/00350012/1")
        #expect(delivery.fault(under: key) == nil)
        delivery.attempts = .max
        #expect(delivery.fault(under: key) != nil)
        delivery.attempts = 1
        delivery.nextUnixMilliseconds = .max
        #expect(delivery.fault(under: key) != nil)
    }
}
