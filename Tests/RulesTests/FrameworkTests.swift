internal import Foundation
internal import Rules
internal import Testing

@Suite struct FrameworkTests {
    /// The documents that lie in Sources/Rules/Frameworks.
    private static func namesInTheFolder() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try FileManager.default
            .contentsOfDirectory(atPath: root.appending(path: "Sources/Rules/Frameworks").path())
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    @Test func everyParameterHasStatusAndSource() throws {
        let frameworks = try Framework.all()
        #expect(frameworks.map(\.name) == (try Self.namesInTheFolder()))
        for framework in frameworks {
            #expect(framework.parameters.count >= 10)
            for parameter in framework.parameters {
                #expect(parameter.source.count >= 10, "\(framework.name): \(parameter.path)")
                if parameter.source.hasPrefix("Secondary") {
                    #expect(parameter.status == .assumed, "\(framework.name): \(parameter.path)")
                }
            }
        }
    }

    /// Who assumes something says what else it could be, or why nothing else is worth trying.
    @Test func everyAssumedParameterStatesItsAlternatives() throws {
        for framework in try Framework.all() {
            for parameter in framework.parameters where parameter.status == .assumed {
                let alternatives = framework.alternatives(to: parameter.path)
                #expect(
                    alternatives.values.isEmpty ? alternatives.reason.count > 30 : alternatives.reason.isEmpty,
                    "\(framework.name): \(parameter.path) names no alternatives and no reason why there are none"
                )
                for index in alternatives.values.indices {
                    let other = try #require(try framework.assuming(alternative: index, to: parameter.path))
                    #expect(other.paths(differingFrom: framework) == [parameter.path])
                    #expect(other.canonicalText != framework.canonicalText)
                }
                let none = try framework.assuming(alternative: alternatives.values.count, to: parameter.path)
                #expect(none == nil)
            }
        }
    }

    @Test(
        arguments: [
            ("alternatives: [96, 97]", nil), ("alternatives: \"none: the law says it\"", nil),
            ("alternatives: [96, 95, 97]", nil), ("alternatives: [many]", "the alternative 'many' is not"),
            ("alternatives: [96, 96]", "must be a list"), ("alternatives: []", "must be a list"),
            ("alternatives: \"none: \"", "must be a list"), ("alternatives: 96", "must be a list"),
            ("alternative: [96]", "has alternative, which no parameter has"),
        ] as [(String, String?)]
    )
    func alternativesAreChecked(text: String, refusal: String?) throws {
        let changed = Self.replacing(
            Self.text,
            "  standard: {value: 95, status: published,",
            "  standard: {value: 95, status: published, \(text),"
        )
        guard let refusal else {
            let framework = try Framework.load(file: "2007.yaml", text: changed)
            // They are no part of the identity.
            let canonical = try Framework.load(file: "2007.yaml", text: Self.text).canonicalText
            #expect(framework.canonicalText == canonical)
            let stated = framework.alternatives(to: "participation.standard")
            #expect(stated.values == ["96", "97"] || stated.reason == "the law says it")
            return
        }
        let error = #expect(throws: FrameworkError.self) { try Framework.load(file: "2007.yaml", text: changed) }
        #expect(error?.message.contains(refusal) == true && error?.parameter == "participation.standard")
    }

    /// An error names the line, of the document or of its base.
    @Test func errorsNameTheLine() throws {
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        let place = try #require(lines.firstIndex { $0.hasPrefix(Self.line) }) + 1
        func line(_ text: String, _ bases: [String: String] = [:]) -> Int? {
            let error = #expect(throws: FrameworkError.self) {
                try Framework.load(file: "draft.yaml", text: text, bases: bases)
            }
            return error?.line
        }
        #expect(line(Self.replacing(Self.text, "{value: 95, status", "{value: 195, status")) == place)
        #expect(
            line(Self.replacing(Self.text, "{value: 95, status: published", "{value: 95, status: rumoured")) == place
        )
        let draft = """
            name: draft
            title: A draft
            school_years: [2019]
            based_on: "2007"

            participation:
              unit: {value: combined, status: assumed, source: a test}
              units: {value: combined, status: assumed, source: a test}
            """
        #expect(line(draft, ["2007": Self.text]) == 8)
        let broken = Self.replacing(Self.text, "{value: 95, status", "{value: 195, status")
        let error = #expect(throws: FrameworkError.self) {
            try Framework.load(
                file: "draft.yaml",
                text: Self.replacing(draft, "  units:", "  # units:"),
                bases: ["2007": broken]
            )
        }
        #expect(error?.file == "2007.yaml" && error?.line == place)
        #expect(error?.description.hasPrefix("2007.yaml line \(place): participation.standard: ") == true)
        #expect(line("name: [\ntitle: x") != nil)
        #expect(line("name: draft\ntitle: A draft\nschool_years: soon\n") == 3)
    }

    @Test(arguments: [2006, 2020, 2021, 2026])
    func yearsWithoutFramework(year: Int) {
        let error = #expect(throws: FrameworkError.self) { try Framework.of(schoolYear: year) }
        #expect(error?.code == .noFramework)
    }

    /// 603 CMR 2.03(7).
    @Test func planningGoesOnInYearsWithoutAFramework() throws {
        for (year, name) in [
            (2012, "2007"), (2019, "2019"), (2020, "2019"), (2021, "2019"), (2022, "2022"), (2027, "2025"),
        ] {
            #expect(try Framework.planning(schoolYear: year).name == name)
        }
        #expect(throws: FrameworkError.self) { try Framework.planning(schoolYear: 2000) }
    }

    @Test func sectionsFollowTheYear() throws {
        #expect(try Framework.of(schoolYear: 2012).percentile == nil)
        let year2022 = try Framework.of(schoolYear: 2022)
        #expect(year2022.points == nil && year2022.percentage == nil && year2022.determination?.issued.value == false)
        #expect(year2022.percentile?.yearWeights.value == [0: Ratio(60), 3: Ratio(40)])
        #expect(year2022.indicators?.chronicAbsenceThresholds.value == [Ratio(20), Ratio(10)])
        #expect(try Framework.of(schoolYear: 2023).lowestPerforming?.exists[.high]?.value == false)
        #expect(try Framework.of(schoolYear: 2024).lowestPerforming?.exists[.high]?.value == true)
        #expect(try Framework.of(schoolYear: 2018).participation.unit.value == .subject)
        #expect(try Framework.of(schoolYear: 2019).participation.unit.value == .combined)
        #expect(try Framework.of(schoolYear: 2025).indicators?.measure(.scienceAchievement, .nonHigh) == .scaledScore)
        #expect(try Framework.of(schoolYear: 2019).indicators?.measure(.scienceAchievement, .nonHigh) == .cpi)
    }

    static let text: String = Framework.documents.first { $0.name == "2007" }?.text ?? ""
    static let line = "  standard: {value: 95, status: published, source:"

    @Test(arguments: [
        ("  standard: {value: 95, source:", FrameworkError.Code.incompleteParameter, "status"),
        ("  standard: {status: published, source:", .incompleteParameter, "value"),
        ("  standard: {value: 95, status: published, reason:", .incompleteParameter, "source"),
        ("  standard: {value: 95, status: rumoured, source:", .incompleteParameter, "status"),
        ("  standard: {value: ninety, status: published, source:", .invalidValue, "ninety"),
        ("  standard: {value: 195, status: published, source:", .invalidValue, "195"),
        ("  standards: {value: 95, status: published, source:", .missingParameter, "missing"),
    ])
    func aParameterThatIsNotWholeDoesNotLoad(line: String, code: FrameworkError.Code, word: String) throws {
        #expect(Self.text.contains(Self.line))
        let broken = Self.replacing(Self.text, Self.line, line)
        let error = #expect(throws: FrameworkError.self) { try Framework.load(file: "broken.yaml", text: broken) }
        #expect(error?.code == code)
        #expect(error?.file == "broken.yaml")
        #expect(error?.parameter == "participation.standard")
        #expect(error?.message.contains(word) == true)
    }

    @Test func aParameterThatNoRuleKnowsDoesNotLoad() {
        let extended =
            Self.text + "\nweather:\n  rain: {value: 1, status: assumed, source: \"A test of unknown parameters\"}\n"
        let error = #expect(throws: FrameworkError.self) { try Framework.load(file: "2007.yaml", text: extended) }
        #expect(error?.code == .unknownParameter)
        #expect(error?.parameter == "weather.rain")
    }

    @Test func aBareValueDoesNotLoad() {
        let broken = Self.text + "\nextra: 3\n"
        let error = #expect(throws: FrameworkError.self) { try Framework.load(file: "2007.yaml", text: broken) }
        #expect(error?.code == .incompleteParameter)
        #expect(error?.parameter == "extra")
    }

    @Test func anEmptySourceDoesNotLoad() {
        let broken = Self.replacing(
            Self.text,
            Self.line,
            "  standard: {value: 95, status: published, source: \" \"}\n  unread: {a:"
        )
        #expect(throws: FrameworkError.self) { try Framework.load(file: "2007.yaml", text: broken) }
    }

    @Test func theIdentityFollowsTheContentAlone() throws {
        let first = try Framework.load(file: "a.yaml", text: Self.text)
        let commented = try Framework.load(file: "b.yaml", text: "# A remark.\n" + Self.text)
        let changed = try Framework.load(file: "a.yaml", text: Self.replacing(Self.text, "value: 95,", "value: 94,"))
        #expect(first.canonicalText == commented.canonicalText)
        #expect(first.canonicalText != changed.canonicalText)
    }

    /// What the Board approved stays approved where the Department decides otherwise who corrects.
    @Test func whoDecidesIsNoPartOfTheIdentity() throws {
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        func draft(_ section: String) throws -> Framework {
            let text = "name: d\ntitle: D\nschool_years: [2019]\nbased_on: \"2019\"\n\(section)\n"
            return try Framework.load(file: "d.yaml", text: text, bases: bases)
        }
        let held = try draft("operation:\n  holds_after_release: {value: true, status: assumed, source: a test of it}")
        let free = try draft("operation:\n  holds_after_release: {value: false, status: assumed, source: a test of it}")
        let other = try draft("minimum_size:\n  public_reporting: {value: 11, status: assumed, source: a test of it}")
        #expect(held.operation?.holdsAfterRelease.value == true && free.operation?.holdsAfterRelease.value == false)
        #expect(held.canonicalText == free.canonicalText)
        #expect(held.canonicalText != other.canonicalText)
    }

    @Test(arguments: [2018, 2019, 2022, 2023, 2024, 2025])
    func weightsSumToTheWhole(year: Int) throws {
        let weights = try #require(try Framework.of(schoolYear: year).weights)
        for span in GradeSpan.allCases {
            for column in WeightParameters.Column.allCases {
                #expect(try Ratio.sum(weights.weights(span, column).value.values) == .hundred)
            }
        }
    }

    static func replacing(_ text: String, _ old: String, _ new: String) -> String {
        text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
