import Messages
import Rules

/// A group's figure of a measure, by name.
struct PublishedPlace: Hashable, Comparable {
    let measure: PublishedMeasure
    let group: StudentGroup

    static func < (left: PublishedPlace, right: PublishedPlace) -> Bool {
        (left.measure.description, left.group) < (right.measure.description, right.group)
    }
}

/// The decision about an organization's groups.
///
/// It is stored in the organization's publication and is permanent.
struct DisclosureDecision {
    /// The measures whose groups were decided on.
    var measures: Set<PublishedMeasure> = []
    /// The numbers of students that may be seen, as they were when that was decided.
    var students: [PublishedPlace: UInt32] = [:]

    init() {}

    init(_ publication: Accountability_V1_Publication) {
        measures = Set(publication.decidedMeasures.compactMap { PublishedMeasure($0) })
        for figure in publication.figures where figure.hasStudents {
            guard let place = figure.place, measures.contains(place.measure) else { continue }
            students[place] = figure.students
        }
    }
}

extension Accountability_V1_PublishedFigure {
    var place: PublishedPlace? {
        guard let measure = PublishedMeasure(measure), let group = StudentGroup(wireName: group) else { return nil }
        return PublishedPlace(measure: measure, group: group)
    }

    fileprivate init(_ place: PublishedPlace) {
        self.init()
        measure = place.measure.description
        group = place.group.wireName
    }
}

/// The figures that a determination shows, one by one.
struct DeterminationFigures {
    private(set) var byPlace: [PublishedPlace: Accountability_V1_PublishedFigure] = [:]

    init(_ message: Accountability_V1_Determination) {
        for rate in message.participation { take(rate) }
        for span in message.spans { take(span) }
        for group in message.groupPercentages { for span in group.spans { take(span) } }
        let graduation = PublishedPlace(measure: .indicator(.high, .fourYearGraduation), group: .allStudents)
        if message.hasGraduates, byPlace[graduation] != nil {
            byPlace[graduation]?.counted = message.graduates
            byPlace[graduation]?.of = message.graduationCohort
        }
    }

    /// The measures of which it shows numbers of students.
    var countedMeasures: Set<PublishedMeasure> {
        Set(byPlace.filter { $0.value.hasStudents }.map(\.key.measure))
    }

    private mutating func take(_ rate: Accountability_V1_GroupParticipation) {
        // Nobody was counted where only single grades were supplied.
        guard rate.students > 0, let measure = PublishedMeasure("participation/\(rate.subject)"),
            let group = StudentGroup(wireName: rate.group)
        else { return }
        let place = PublishedPlace(measure: measure, group: group)
        var figure = Accountability_V1_PublishedFigure(place)
        figure.students = rate.students
        if rate.hasRate {
            figure.value = "\(rate.rate)"
            figure.counted = rate.participants
            figure.of = rate.denominator
        }
        figure.judgedRate = rate.judgedRateExact
        if rate.hasMet { figure.met = rate.met }
        byPlace[place] = figure
    }

    private mutating func take(_ span: Accountability_V1_Span) {
        guard let gradeSpan = GradeSpan(wireName: span.gradeSpan) else { return }
        for column in span.columns {
            guard let group = StudentGroup(wireName: column.group) else { continue }
            for points in column.indicators {
                guard let indicator = Indicator(wireName: points.indicator) else { continue }
                let place = PublishedPlace(measure: .indicator(gradeSpan, indicator), group: group)
                byPlace[place] = Self.figure(points, place)
            }
        }
    }

    private static func figure(
        _ points: Accountability_V1_IndicatorPoints,
        _ place: PublishedPlace
    ) -> Accountability_V1_PublishedFigure {
        var figure = Accountability_V1_PublishedFigure(place)
        if points.hasCount { figure.students = points.count }
        figure.value = points.value
        figure.prior = points.prior
        figure.target = points.target
        if points.hasPoints { figure.points = points.points }
        figure.rule = points.rule
        figure.row = points.row
        figure.priorIsBaseline = points.priorIsBaseline
        figure.path = points.path
        figure.difficultyQuartile = points.difficultyQuartile
        figure.at80 = points.at80
        figure.at90 = points.at90
        figure.groupAt80 = points.groupAt80
        figure.groupAt90 = points.groupAt90
        return figure
    }
}

/// Makes the public form of an official determination.
struct PublicationMaker {
    let determination: Accountability_V1_Determination
    let figures: DeterminationFigures
    let parameters: DisclosureParameters
    /// The size from which on a group may be seen.
    let minimum: Int

    /// The publication, without its revision and time.
    ///
    /// - `decision`: the decision about the organization. It is not used if groups are shown as in the Department's
    ///   reports.
    func make(_ decision: DisclosureDecision) -> Accountability_V1_Publication {
        var message = Self.heading(of: determination)
        message.status = PublicationStatus.official.rawValue
        addResults(to: &message)
        let places: [PublishedPlace: Accountability_V1_PublishedFigure]
        switch parameters.mode.value {
        case .asPublished: places = figures.byPlace
        case .protected:
            places = protected(decision)
            message.decidedMeasures = decision.measures.map(\.description).sorted()
        }
        message.figures = places.sorted { $0.key < $1.key }.map(\.value)
        let groups = Set(places.map(\.key.group)).union([.allStudents])
        func isSeen(_ group: String) -> Bool { StudentGroup(wireName: group).map(groups.contains) ?? false }
        // A group that is named has the number of students that its reason asks for.
        message.lowSubgroups.removeAll { isHidden($0, places) { _ in true } }
        message.lowParticipationGroups.removeAll { isHidden($0, places, \.isOfParticipation) }
        for index in message.federalDesignations.indices {
            message.federalDesignations[index].groups.removeAll { isHidden($0, places) { _ in true } }
        }
        message.groupPercentiles = determination.groupPercentiles.filter { isSeen($0.group) }
        message.groupPercentages = determination.groupPercentages.filter { isSeen($0.group) && !$0.annualExact.isEmpty }
            .map { group in
                var percentage = Accountability_V1_PublishedPercentage()
                percentage.group = group.group
                percentage.annual = group.annual
                percentage.annualExact = group.annualExact
                return percentage
            }
        return message
    }

    /// Whether a group's numbers of students in some measures are known, and none of its figures there is published.
    private func isHidden(
        _ name: String,
        _ places: [PublishedPlace: Accountability_V1_PublishedFigure],
        _ isMeant: (PublishedMeasure) -> Bool
    ) -> Bool {
        guard let group = StudentGroup(wireName: name), group != .allStudents else { return false }
        let counted = figures.byPlace.filter {
            $0.key.group == group && isMeant($0.key.measure) && $0.value.hasStudents
        }
        return !counted.isEmpty && !counted.keys.contains { places[$0] != nil }
    }

    /// The part of a withdrawn publication that stays.
    static func withdrawn(_ before: Accountability_V1_Publication) -> Accountability_V1_Publication {
        var message = Accountability_V1_Publication()
        message.schoolYear = before.schoolYear
        message.orgCode = before.orgCode
        message.type = before.type
        message.name = before.name
        message.districtCode = before.districtCode
        message.status = PublicationStatus.withdrawn.rawValue
        if before.hasEnrollment { message.enrollment = before.enrollment }
        let decision = DisclosureDecision(before)
        message.decidedMeasures = before.decidedMeasures
        message.figures = decision.students.sorted { $0.key < $1.key }.map { numberAlone($0.key, $0.value) }
        return message
    }

    private static func numberAlone(_ place: PublishedPlace, _ students: UInt32) -> Accountability_V1_PublishedFigure {
        var figure = Accountability_V1_PublishedFigure(place)
        figure.students = students
        return figure
    }

    private static func heading(of determination: Accountability_V1_Determination) -> Accountability_V1_Publication {
        var message = Accountability_V1_Publication()
        message.schoolYear = determination.schoolYear
        message.orgCode = determination.orgCode
        message.type = determination.type
        message.name = determination.name
        message.districtCode = determination.districtCode
        message.framework = determination.framework
        message.frameworkDigest = determination.frameworkDigest
        return message
    }

    private func addResults(to message: inout Accountability_V1_Publication) {
        message.classification = determination.classification
        message.level = determination.level
        message.reasons = determination.reasons
        message.reasonTexts = determination.reasonTexts
        message.decisionRow = determination.decisionRow
        if determination.hasPercentile { message.percentile = determination.percentile }
        message.lowSubgroups = determination.lowSubgroups
        message.lowParticipationGroups = determination.lowParticipationGroups
        if determination.hasAnnual { message.annual = determination.annual }
        message.annualExact = determination.annualExact
        message.priorAnnualExact = determination.priorAnnualExact
        if determination.hasCumulative { message.cumulative = determination.cumulative }
        message.band = determination.band
        message.lowGraduation = determination.lowGraduation
        message.designation = determination.designation
        message.recognitions = determination.recognitions
        message.federalDesignations = determination.federalDesignations
        message.suspendedMeasures = determination.suspendedMeasures
        message.publicationNotes = determination.publicationNotes
        message.history = determination.history
        message.spans = determination.spans.map { span in
            var shown = Accountability_V1_PublishedSpan()
            shown.gradeSpan = span.gradeSpan
            shown.weight = span.weight
            if span.hasPercent { shown.percent = span.percent }
            shown.percentExact = span.percentExact
            return shown
        }
    }

    private func protected(
        _ decision: DisclosureDecision
    ) -> [PublishedPlace: Accountability_V1_PublishedFigure] {
        var shown: [PublishedPlace: Accountability_V1_PublishedFigure] = [:]
        for (place, figure) in figures.byPlace {
            if let figure = protected(figure, place, decision) { shown[place] = figure }
        }
        // A number that was published stays so, whether or not the group is large enough now to have a result.
        for (place, students) in decision.students where shown[place] == nil {
            shown[place] = Self.numberAlone(place, students)
        }
        return shown
    }

    private func protected(
        _ figure: Accountability_V1_PublishedFigure,
        _ place: PublishedPlace,
        _ decision: DisclosureDecision
    ) -> Accountability_V1_PublishedFigure? {
        guard figure.hasStudents else { return uncounted(figure, place, decision) }
        var message = figure
        message.clearCounted()
        message.clearOf()
        message.clearStudents()
        let shown = decision.students[place]
        if let shown {
            message.students = shown
        } else if place.group != .allStudents {
            return nil
        }
        // The results of all students are the determination: of them only the number is ever hidden.
        guard parameters.codesRates.value, place.measure.isRate else { return message }
        message.value = coded(figure.value, of: Int64(figure.students), shown: shown)
        // Last year's value is about other students, who may have been few. It is in last year's publication.
        message.prior = ""
        message.judgedRate = coded(figure.judgedRate, of: Int64(figure.students), shown: shown)
        return message
    }

    /// A figure that was supplied without a number of students.
    ///
    /// A rate of a small group tells its number: 12.5 percent are one of eight. So where numbers are published, a rate
    /// without one is published only of a group with a number, and coded for the smallest number of that group.
    private func uncounted(
        _ figure: Accountability_V1_PublishedFigure,
        _ place: PublishedPlace,
        _ decision: DisclosureDecision
    ) -> Accountability_V1_PublishedFigure? {
        guard place.group != .allStudents, place.measure.isRate, !decision.students.isEmpty else { return figure }
        guard let students = decision.students.filter({ $0.key.group == place.group }).values.min() else { return nil }
        guard parameters.codesRates.value else { return figure }
        var message = figure
        message.value = coded(figure.value, of: Int64(students), shown: students)
        message.prior = ""
        message.judgedRate = coded(figure.judgedRate, of: Int64(students), shown: students)
        return message
    }

    /// A rate as it may be published of a group.
    ///
    /// The code of a rate reveals how many students it covers. So it is computed from the published number, even if the
    /// group has changed since. Without a published number, the code only says whether the rate is above or below the
    /// middle.
    private func coded(_ text: String, of students: Int64, shown: UInt32?) -> String {
        // Values that are not rates are not shown.
        guard let rate = Ratio.reading(text) else { return "" }
        let size = shown.map { Int64($0) } ?? min(students, 2 * Int64(minimum))
        let coded = CodedRate(rate, of: size, minimum: minimum)
        guard case .exact = coded else { return coded.description }
        // For fewer students the value could reveal a small number of them.
        return CodedRate(rate, of: students, minimum: minimum) == coded ? coded.description : ""
    }
}

extension PublishedMeasure {
    /// Whether it is participation in the tests.
    fileprivate var isOfParticipation: Bool { if case .participation = self { true } else { false } }

    /// Whether it is a share of students.
    fileprivate var isRate: Bool {
        switch self {
        case .participation: true
        case .indicator(_, let indicator): indicator.isRate
        }
    }
}
