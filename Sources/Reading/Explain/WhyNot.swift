package import Messages
package import Rules

/// Finds the figures that would have to differ for another classification or level.
///
/// It needs only the published determination and the framework. Published participation makes its answers more exact
/// for years that look back.
package struct WhyNot {
    package let determination: Accountability_V1_Determination
    package let framework: Framework
    package let participation: [Accountability_V1_Participation]

    /// The possible goals: every classification and every level.
    package static let names = Classification.allCases.map(\.wireName) + DeterminationLevel.allCases.map(\.wireName)

    package init(
        _ determination: Accountability_V1_Determination,
        _ framework: Framework,
        participation: [Accountability_V1_Participation] = []
    ) {
        self.determination = determination
        self.framework = framework
        self.participation = participation
    }

    package var type: OrganizationType { determination.type == .district ? .district : .school }
    package var isSchool: Bool { type == .school }

    /// The title of a group.
    package func title(_ group: String) -> String { StudentGroup(wireName: group)?.title ?? group }

    /// The answer for one of ``names``.
    package func derivation(_ name: String) throws -> Derivation {
        let title = Classification(wireName: name)?.title ?? DeterminationLevel(wireName: name)?.title ?? name
        guard determination.classification != name, determination.level != name else {
            return Derivation("Why not: \(title)", "it is", paragraph: paragraph, row: current)
        }
        guard framework.determination?.issued.value == true else {
            return Derivation(
                "Why not: \(title)",
                "school year \(determination.schoolYear) issues no determinations",
                paragraph: .determinations
            )
        }
        guard !determination.classification.isEmpty else {
            return Derivation(
                "Why not: \(title)",
                "the Commissioner suspended the determinations",
                paragraph: .suspension
            )
        }
        if let level = DeterminationLevel(wireName: name) { return try answer(for: level, title) }
        switch Classification(wireName: name) {
        case .requiringAssistance: return try anyOf(title, focusing() + [placement(.broadComprehensive)])
        case .notRequiringAssistance: return try allOf(title, notRequiring())
        case .insufficientData: return try allOf(title, withoutData())
        case nil: return Derivation("Why not: \(title)", "no such classification or level", paragraph: paragraph)
        }
    }

    private var paragraph: Paragraph { isSchool ? .schoolDeterminations : .districtDeterminations }

    private var current: String {
        let level = DeterminationLevel(wireName: determination.level)?.title
        let classification =
            Classification(wireName: determination.classification)?.title ?? determination.classification
        return "it is: " + [classification, level].compactMap { $0 }.joined(separator: "; ")
    }

    private func allOf(_ title: String, _ conditions: [Derivation]) throws -> Derivation {
        let count = conditions.count
        let value =
            count == 0
            ? "nothing is in the way"
            : count == 1 ? "one thing would have to differ" : "\(count) things would have to differ, all of them"
        return Derivation("Why not: \(title)", value, paragraph: paragraph, row: current, inputs: conditions)
    }

    private func anyOf(_ title: String, _ conditions: [Derivation]) throws -> Derivation {
        Derivation(
            "Why not: \(title)",
            conditions.isEmpty ? "nothing that was measured could differ so" : "any one of these would be enough",
            paragraph: paragraph,
            row: current,
            inputs: conditions
        )
    }

    private func impossible(_ title: String, _ why: String, _ paragraph: Paragraph) -> Derivation {
        Derivation("Why not: \(title)", why, paragraph: paragraph, row: current)
    }

    private func answer(for level: DeterminationLevel, _ title: String) throws -> Derivation {
        switch level {
        case .broadComprehensive:
            return try allOf(title, [placement(level)])
        case .focusedTargeted:
            let focused = determination.reasons.contains { $0 != DeterminationReason.designation.wireName }
            guard determination.level == DeterminationLevel.broadComprehensive.wireName else {
                return try anyOf(title, focusing())
            }
            return try allOf(
                title,
                [designationEnds()]
                    + (focused ? [] : [Derivation("And a reason for it", "any one of these", inputs: focusing())])
            )
        case .schoolOfRecognition:
            guard isSchool else {
                return impossible(title, "schools alone are recognised", .exemplaryPerformance)
            }
            let recognition = Derivation(
                "Recognition by the commissioner",
                "none; it takes a directive of recognition",
                paragraph: .exemplaryPerformance
            )
            return try allOf(title, notRequiring() + (determination.recognitions.isEmpty ? [recognition] : []))
        case .meeting, .substantial, .moderate, .limited, .partiallyMeeting:
            guard let band = framework.percentage?.bands.value.first(where: { DeterminationLevel($0.level) == level })
            else {
                return impossible(
                    title,
                    "the framework of \(determination.schoolYear) has no such band",
                    .criterionReferenced
                )
            }
            var conditions = try notRequiring(needsData: false)
            if !determination.recognitions.isEmpty, isSchool {
                conditions.append(
                    Derivation(
                        "Recognition by the commissioner",
                        "it has one, which goes before the band; it would have to be withdrawn",
                        paragraph: .exemplaryPerformance
                    )
                )
            }
            if let condition = try cumulative(band) { conditions.append(condition) }
            return try allOf(title, conditions)
        }
    }

    // MARK: Not requiring assistance

    /// The changes that would remove every applying reason, and the data missing for any classification.
    private func notRequiring(needsData: Bool = true) throws -> [Derivation] {
        var conditions: [Derivation] = []
        for reason in determination.reasons {
            switch DeterminationReason(wireName: reason) {
            case .designation: conditions.append(designationEnds())
            case .lowest10Percent: conditions.append(percentileAbove())
            case .lowSubgroup: conditions += subgroupsAbove()
            case .lowGraduation: conditions.append(try graduationAbove())
            case .lowParticipation: conditions += try participationAbove()
            case nil: conditions.append(Derivation("Reason", reason))
            }
        }
        if needsData, !determination.hasCumulative, !determination.hasPercentile {
            conditions.append(
                Derivation(
                    "Sufficient data",
                    "there is neither an annual percentage nor a percentile; enough students with results of enough indicators give one",
                    paragraph: .determinations,
                    parameters: [
                        framework.minimumSize.accountability.record, framework.percentage?.requiredCategories.record,
                        framework.percentage?.missingCategory.record,
                    ]
                    .compactMap { $0 }
                )
            )
        }
        return conditions
    }

    private func withoutData() throws -> [Derivation] {
        var conditions = try notRequiring(needsData: false)
        if determination.hasCumulative {
            conditions.append(
                Derivation(
                    "Annual percentage",
                    "there is one, \(determination.annualExact); there would have to be none",
                    paragraph: .criterionReferenced
                )
            )
        }
        if determination.hasPercentile {
            conditions.append(
                Derivation(
                    "Percentile",
                    "there is one, \(determination.percentile); there would have to be none",
                    paragraph: .accountabilityPercentile
                )
            )
        }
        return conditions
    }

    private func designationEnds() -> Derivation {
        Derivation(
            "Designation",
            "\(determination.designation.replacing("_", with: " ")); a directive would have to end it on June 30 of the year or before",
            paragraph: DeterminationReason.designation.paragraph(of: type)
        )
    }

    private func percentileAbove() -> Derivation {
        let cut = framework.determination?.lowestPerformingPercentile
        return Derivation(
            "Accountability percentile",
            "\(determination.percentile); at least \((cut?.value ?? 0) + 1) would be needed",
            paragraph: .lowestPerformingSchools,
            parameters: [cut?.record].compactMap { $0 }
        )
    }

    private func subgroupsAbove() -> [Derivation] {
        let cut = framework.determination?.lowSubgroupPercentile
        return determination.lowSubgroups.map { group in
            let percentile = determination.groupPercentiles.first { $0.group == group }?.percentile
            return Derivation(
                "Percentile of \(title(group))",
                "\(percentile.map(String.init) ?? "not published"); at least \((cut?.value ?? 0) + 1) would be needed",
                paragraph: .lowSubgroups,
                parameters: [cut?.record].compactMap { $0 }
            )
        }
    }

    // MARK: The band

    /// The change that would bring the cumulative percentage into a band; nil if it is already there.
    private func cumulative(_ band: PercentageParameters.Band) throws -> Derivation? {
        guard let parameters = framework.percentage else { return nil }
        let records = [
            parameters.bands.record, parameters.currentYearWeight.record, parameters.cumulativeRounding.record,
        ]
        let title = "Cumulative criterion-referenced target percentage"
        guard determination.hasCumulative else {
            return Derivation(
                title,
                "none, as there is no annual percentage; \(band.minimum) or more would be needed",
                paragraph: .criterionReferenced,
                parameters: records
            )
        }
        let now = Int(determination.cumulative)
        let ceiling = parameters.bands.value.last { $0.minimum > band.minimum }.map { $0.minimum - 1 }
        let needed: (text: String, test: (Int64) -> Bool, isFloor: Bool)
        if now < band.minimum {
            needed = ("at least \(band.minimum)", { $0 >= Int64(band.minimum) }, true)
        } else if let ceiling, now > ceiling {
            needed = ("at most \(ceiling)", { $0 > Int64(ceiling) }, false)
        } else {
            return nil
        }
        let annual = try boundary(parameters, needed.test)
        let step = needed.isFloor ? annual : annual.map { $0 - 1 }
        let decimals = Self.decimals(parameters.annualRounding.value)
        let answer: String =
            if let step, step >= 0 {
                "an annual percentage of \(try Ratio(units: step, decimals: decimals).text(decimals: decimals)) or "
                    + "\(needed.isFloor ? "more" : "less") instead of \(determination.annualExact) would give it"
            } else {
                "no annual percentage of this year could give it\(determination.priorAnnualExact.isEmpty ? "" : " after \(determination.priorAnnualExact) in the year before")"
            }
        return Derivation(
            title,
            "\(now); \(needed.text) would be needed: \(answer)",
            paragraph: .criterionReferenced,
            rounding: parameters.cumulativeRounding.value,
            parameters: records
        )
    }

    /// The lowest annual percentage, in units of its last decimal, whose cumulative percentage passes a test that a
    /// higher one passes too; nil of none.
    private func boundary(_ parameters: PercentageParameters, _ test: (Int64) -> Bool) throws -> Int64? {
        let decimals = Self.decimals(parameters.annualRounding.value)
        let prior = determination.priorAnnualExact.isEmpty ? nil : try Ratio(decimal: determination.priorAnnualExact)
        let top = try Rounding(.down, decimals: decimals).units(.hundred)
        return try Search.first(in: 0...top) { units in
            test(
                try CumulativePercentage(current: try Ratio(units: units, decimals: decimals), prior: prior, framework)
                    .percent
            )
        }
    }

    private static func decimals(_ rounding: Rounding) -> Int { rounding.mode == .none ? 1 : rounding.decimals }
}

/// Finds the first value for which a monotonic condition is true.
package enum Search {
    /// The first number of a range that passes; nil when the last does not.
    package static func first(in range: ClosedRange<Int64>, where passes: (Int64) throws -> Bool) rethrows -> Int64? {
        guard try passes(range.upperBound) else { return nil }
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if try passes(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
