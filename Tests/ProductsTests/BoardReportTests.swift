import Foundation
import Messages
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Products

/// The annual report to the Board, and the pages.
@Suite struct BoardReportTests {
    private func publication(
        _ year: UInt32,
        _ code: String,
        _ classification: String = "not_requiring_assistance",
        level: String = "meeting",
        name: String = "",
        reasons: [String] = []
    ) -> Accountability_V1_Publication {
        .with {
            $0.schoolYear = year
            $0.orgCode = code
            $0.type = code.hasSuffix("0000") ? .district : .school
            $0.districtCode = String(code.prefix(4)) + "0000"
            $0.name = name
            $0.status = "official"
            $0.classification = classification
            $0.level = level
            $0.reasons = reasons
        }
    }

    private func files(_ publications: [Accountability_V1_Publication], _ year: Int = 2019) throws -> [String: String] {
        let report = BoardReport(try #require(PublishedYear(publications, year: year)))
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var texts: [String: String] = [:]
        for file in report.files {
            let place = folder.appendingPathComponent(file.name)
            try file.write(to: place.path)
            texts[file.name] = try String(contentsOf: place, encoding: .utf8)
        }
        return texts
    }

    private func isBalanced(_ html: String) throws {
        for tag in ["table", "thead", "tbody", "tr", "td", "th", "h2", "p", "body", "html", "section", "figure", "svg"]
        {
            let (open, close) = (try Regex("<\(tag)[ >]"), try Regex("</\(tag)>"))
            #expect(html.matches(of: open).count == html.matches(of: close).count, "\(tag)")
        }
    }

    /// 603 CMR 2.03(9).
    @Test func theReportIsMadeFromPublicationsAlone() throws {
        let evil = "<script>alert(\"x\")</script> & 'Sons'"
        let publications = [
            publication(
                2019,
                "00010005",
                "requiring_assistance",
                level: "focused_targeted",
                name: evil,
                reasons: ["low_subgroup", "low_participation"]
            ),
            publication(2019, "00010000", name: "First"), publication(2018, "00010005"), publication(2020, "00010005"),
        ]
        let files = try files(publications)
        #expect(
            Set(files.keys) == [
                "annual-report-2019.html", "classifications-2019.csv", "reasons-2019.csv", "districts-2019.csv",
                "years-2019.csv", "requiring-assistance-2019.csv", "map-2019.csv",
            ]
        )
        let html = try #require(files["annual-report-2019.html"])
        #expect(!html.contains("<script"))
        #expect(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;Sons&#39;"))
        #expect(html.contains("1 school and 1 district have official results for school year 2018-19."))
        #expect(html.contains("Determinations by level, year by year"))
        try isBalanced(html)
        #expect(
            files["reasons-2019.csv"]
                == "type,reason,count\nschool,\(DeterminationReason.lowSubgroup.title),1\nschool,\(DeterminationReason.lowParticipation.title),1\n"
        )
        #expect(
            files["districts-2019.csv"]?
                .contains("00010000,First,Not requiring assistance or intervention,Meeting or exceeding targets,,1,1")
                == true
        )
        // Later years are no part of a report.
        let years = try #require(files["years-2019.csv"])
        #expect(years.contains("2018,school") && years.contains("2019,district") && !years.contains("2020"))
        #expect(try self.files(publications.reversed()) == files)
    }

    @Test(arguments: ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "Oak-Street", "7"])
    func noNameIsAFormula(name: String) throws {
        let school = publication(2019, "00010005", "requiring_assistance", level: "focused_targeted", name: name)
        let isHarmless = name == "Oak-Street" || name == "7"
        // What steers a terminal is written by its code.
        let shown = ",\(isHarmless ? "" : "'")\(name.replacing("\t", with: #"\u0009"#)),"
        let files = try files([school])
        #expect(files["requiring-assistance-2019.csv"]?.contains(shown) == true)
        // There the tab is written by its code first, which is no formula.
        if !name.hasPrefix("\t") { #expect(files["map-2019.csv"]?.contains(shown) == true) }
    }

    /// 603 CMR 2.03(11).
    @Test func theReportSaysWhatWasSuspended() throws {
        var suspended = publication(2022, "00010005", "", level: "")
        suspended.suspendedMeasures = [
            .with {
                $0.measure = "determinations"
                $0.reason = "COVID-19 <2022>"
            }
        ]
        let html = try #require(try files([suspended], 2022)["annual-report-2022.html"])
        let words = "Suspended under 603 CMR 2.03(11): annual performance determinations. COVID-19 &lt;2022&gt;"
        #expect(html.contains(words) && html.contains("No determination"))
        let row = try #require(PublishedYear([suspended], year: 2022)).rows[0]
        let page = try PrintedPage(OrganizationReport(row, history: []).document).html()
        #expect(page.contains(words))
    }

    /// What is withdrawn is in no product, and makes no year official.
    @Test func whatIsWithdrawnIsInNoProduct() throws {
        var withdrawn = publication(2019, "00010005", name: "Gone")
        withdrawn.status = "withdrawn"
        #expect(PublishedYear([withdrawn], year: 2019) == nil && PublishedYear.officialYears([withdrawn]).isEmpty)
        let published = try #require(PublishedYear([withdrawn, publication(2019, "00010010")], year: 2019))
        let table = try #require(ProductFiles(published).tables.first { $0.file == "schools" })
        #expect(try table.rows().map { $0[1] } == ["00010010"])
    }

    /// Each identification is a row, with the groups in the order of the workbook; others have none.
    @Test func theSchoolsThatFederalLawIdentifiesAreListed() throws {
        var school = publication(2019, "00010005", name: "First")
        school.title1 = true
        school.ncesID = "250327000423"
        for (designation, groups) in [("tsi", ["white", "asian"]), ("atsi", ["low_income"])] {
            school.federalDesignations.append(
                .with {
                    $0.designation = designation
                    $0.reason = "consistently_low_subgroups"
                    $0.identified = 2019
                    $0.groups = groups
                }
            )
        }
        let published = try #require(PublishedYear([school, publication(2019, "00010010")], year: 2019))
        let table = try #require(ProductFiles(published).tables.first { $0.file == "federal" })
        let reason = FederalReason.consistentlyLowSubgroups.title
        #expect(
            try table.rows() == [
                [
                    "2019", "00010000", "", "00010005", "First", "2503270", "250327000423", "Title I School", "TSI",
                    reason, "2019", "Asian -White",
                ],
                [
                    "2019", "00010000", "", "00010005", "First", "2503270", "250327000423", "Title I School", "ATSI",
                    reason, "2019", "Economically disadvantaged",
                ],
            ]
        )
    }

    /// The resource AccountabilityRating of the Ed-Fi Data Standard: its names, types and lengths, and one of each key.
    @Test func theEdFiRatingsAreResourcesOfTheStandard() throws {
        var school = publication(2019, "00010005", "requiring_assistance", level: "broad_comprehensive", name: "First")
        school.percentile = 4
        school.cumulative = 31
        school.issuedUnixMilliseconds = 1_569_283_200_000
        let small = publication(2019, "00010010", "insufficient_data", level: "")
        let former = publication(2018, "00010005")
        let published = try #require(
            PublishedYear([former, small, school, publication(2019, "00010000")], year: 2019)
        )
        let name = "edfi-accountability-ratings-2019.json"
        let file = try #require(ProductFiles(published).files.first { $0.name == name })
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: place) }
        try file.write(to: place.path)
        let read = try JSONSerialization.jsonObject(with: Data(contentsOf: place))
        let resources = try #require(read as? [[String: Any]])
        let lengths = [
            "ratingTitle": 60, "rating": 35, "ratingOrganization": 35, "ratingProgram": 30, "ratingDate": 10,
        ]
        var keys: Set<String> = []
        var said: [String] = []
        for resource in resources {
            #expect(
                Set(resource.keys)
                    == Set(lengths.keys).union(["educationOrganizationReference", "schoolYearTypeReference"])
            )
            for (name, length) in lengths {
                let text = try #require(resource[name] as? String)
                #expect(!text.isEmpty && text.count <= length, "\(name)")
            }
            let organization = try #require(resource["educationOrganizationReference"] as? [String: Int])
            let year = try #require(resource["schoolYearTypeReference"] as? [String: Int])
            #expect(Array(organization.keys) == ["educationOrganizationId"] && year == ["schoolYear": 2019])
            let code = organization["educationOrganizationId"] ?? 0
            let title = resource["ratingTitle"] as? String ?? ""
            #expect(keys.insert("\(code) \(title)").inserted)
            said.append("\(code) \(title): \(resource["rating"] as? String ?? "")")
        }
        #expect(
            said == [
                "10000 Accountability classification: not_requiring_assistance", "10000 Accountability level: meeting",
                "10005 Accountability classification: requiring_assistance",
                "10005 Accountability level: broad_comprehensive", "10005 Accountability percentile: 4",
                "10005 Cumulative percentage of targets met: 31",
                "10010 Accountability classification: insufficient_data",
            ]
        )
        #expect(resources[2]["ratingDate"] as? String == "2019-09-24")
        for level in DeterminationLevel.allCases { #expect(level.wireName.count <= 35) }
    }

    /// The table of points of a printed report: Leominster's of 2019, non-high, all students 5.5 of 9.6, 57 percent.
    @Test func thePageHasTheTableOfPoints() throws {
        var school = publication(2019, "01530000", level: "substantial", name: "Leominster <b>")
        school.annual = 57
        school.annualExact = "57.3"
        school.cumulative = 55
        school.spans = [
            .with {
                $0.gradeSpan = "non_high"
                $0.weight = 100
                $0.percent = 57
                $0.percentExact = "57.3"
            }
        ]
        school.frameworkDigest = try Framework.of(schoolYear: 2019).digest
        let points = [
            "ela_achievement": 3, "math_achievement": 2, "science_achievement": 1, "ela_growth": 3, "math_growth": 3,
            "el_progress": 3, "chronic_absenteeism": 4,
        ]
        school.figures = points.map { indicator, points in
            .with {
                $0.measure = "non_high/\(indicator)"
                $0.group = "all_students"
                $0.value = "500.4"
                $0.prior = "499"
                $0.target = "501"
                $0.points = UInt32(points)
                $0.rule = "improved below target"
            }
        }
        let published = try #require(PublishedYear([school], year: 2019))
        let html = try PrintedPage(OrganizationReport(published.rows[0], history: [school]).document).html()
        try isBalanced(html)
        #expect(html.contains("Leominster &lt;b&gt;") && html.contains("Achievement, total"))
        // 6 × 0.6 + 6 × 0.2 + 3 × 0.1 + 4 × 0.1 = 5.5 of 12 × 0.6 + 8 × 0.2 + 4 × 0.1 + 4 × 0.1 = 9.6: 57.3 percent.
        for cell in [">5.5<", ">9.6<", ">57 %<", ">+1.4<", ">60.0<"] { #expect(html.contains(cell), "\(cell)") }
        // A percentage that was not rounded before it was carried on has a tenth on the page.
        school.annualExact = "57.291667"
        let long = try #require(PublishedYear([school], year: 2019))
        let page = try PrintedPage(OrganizationReport(long.rows[0], history: [school]).document).html()
        #expect(page.contains(">57.3 %<") && !page.contains("57.291667"))
    }

    /// The report and the pages go by the frameworks in force, and not by those that are built in.
    @Test func theFrameworkInForceIsPrinted() throws {
        let changed = try Framework.proposed(
            """
            name: changed
            title: The framework of 2019 with a change
            school_years: [2019]
            based_on: "2019"
            determination:
              lowest_performing_percentile: {value: 17, status: published, source: "Board vote of 2019-06-25"}
            percentage:
              bands: {value: [{minimum: 83, level: meeting}, {minimum: 0, level: limited}], status: published, source: "Board vote"}
            """
        )
        let own = publication(2019, "00010010", level: "meeting")
        let school = Accountability_V1_Publication.with {
            $0 = own
            ($0.percentile, $0.cumulative, $0.annual) = (12, 80, 80)
            ($0.priorAnnualExact, $0.annualExact) = ("", "80.04")
        }
        func report(_ frameworks: FrameworkSet) throws -> String {
            let report = BoardReport(try #require(PublishedYear([school], year: 2019, frameworks: frameworks)))
            let place = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: place) }
            try #require(report.files.first { $0.name.hasSuffix(".html") }).write(to: place.path)
            return try String(contentsOf: place, encoding: .utf8)
        }
        let (builtIn, inForce) = (try report(.builtIn), try report(FrameworkSet.builtIn.with(draft: changed)))
        #expect(builtIn != inForce)
        #expect(builtIn.contains("cut: 10 and below, 0 schools") && inForce.contains("cut: 17 and below, 1 school"))
        // The sums of a table of points are those of the framework in force.
        var table = school
        table.frameworkDigest = changed.digest
        table.spans = [
            .with { ($0.gradeSpan, $0.weight, $0.percent, $0.percentExact) = ("non_high", 100, 57, "57.3") }
        ]
        table.figures = ["ela_achievement": 3, "chronic_absenteeism": 4]
            .map { indicator, points in
                .with {
                    ($0.measure, $0.group, $0.points) = ("non_high/\(indicator)", "all_students", UInt32(points))
                }
            }
        let columns = { (frameworks: FrameworkSet) in
            PublishedSteps(table, frameworks).groups.count { $0.column != nil }
        }
        #expect(columns(.builtIn) == 0 && columns(FrameworkSet.builtIn.with(draft: changed)) == 1)
    }

    /// A recoded school's earlier years are those of its former code.
    @Test func aRecodedSchoolKeepsItsYears() throws {
        let former = publication(2018, "00010005", level: "moderate")
        var school = publication(2019, "00010006", level: "meeting")
        let other = publication(2019, "00010005")
        func year(_ publications: [Accountability_V1_Publication]) throws -> PublishedYear {
            try #require(PublishedYear(publications, year: 2019))
        }
        func rows(_ year: PublishedYear) -> [String: String?] {
            Dictionary(uniqueKeysWithValues: year.rows.map { ($0.publication.orgCode, $0.before?.orgCode) })
        }
        let without = try year([former, school, other])
        #expect(rows(without) == ["00010005": "00010005", "00010006": nil])
        #expect(without.history(of: school).map(\.orgCode) == ["00010006"])
        school.history = [
            .with {
                ($0.schoolYear, $0.change, $0.takenOrgCode) = (2019, "recoded", "00010005")
                $0.formerOrgCodes = ["00010005"]
            }
        ]
        let recoded = try year([former, school])
        #expect(rows(recoded) == ["00010006": "00010005"])
        #expect(recoded.history(of: school).map(\.orgCode) == ["00010005", "00010006"])
        let row = try #require(recoded.rows.first)
        let history = recoded.history(of: school)
        let html = try PrintedPage(OrganizationReport(row, history: history).document).html()
        #expect(html.contains("as 00010005") && html.contains("Over the years"))
    }

    /// So they are if the code changed in a year without determinations; two changes follow each other.
    @Test func aChangeOfAYearWithoutDeterminationsIsFollowed() throws {
        var school = publication(2022, "00010007", level: "meeting")
        school.history = [(2021, "00010006"), (2020, "00010005")]
            .map { year, taken in
                .with {
                    ($0.schoolYear, $0.change, $0.takenOrgCode) = (UInt32(year), "recoded", taken)
                    $0.formerOrgCodes = [taken]
                }
            }
        let others = [publication(2019, "00010005"), publication(2019, "00010006"), publication(2019, "00010007")]
        let published = try #require(PublishedYear(others + [school], year: 2022))
        #expect(
            published.history(of: school).map { "\($0.schoolYear) \($0.orgCode)" } == [
                "2019 00010005", "2022 00010007",
            ]
        )
    }
}
