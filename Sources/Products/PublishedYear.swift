package import Messages
internal import Reading
package import Rules

/// A publication with its related publications.
package struct PublishedRow: Sendable {
    let publication: Accountability_V1_Publication
    /// That of its district.
    let district: Accountability_V1_Publication?
    /// The publication of the year before, if that is official too; under the code whose history the organization took.
    let before: Accountability_V1_Publication?
    /// How many schools of the district are published.
    let schools: Int
    /// The frameworks in force.
    let frameworks: FrameworkSet

    /// A publication with its related publications.
    package init(
        publication: Accountability_V1_Publication,
        district: Accountability_V1_Publication?,
        before: Accountability_V1_Publication?,
        schools: Int,
        frameworks: FrameworkSet
    ) {
        self.publication = publication
        self.district = district
        self.before = before
        self.schools = schools
        self.frameworks = frameworks
    }

    var year: Int { Int(publication.schoolYear) }
    var isDistrict: Bool { publication.type == .district }
}

/// The official publications of a school year and the years before it, from which all products are made.
package struct PublishedYear: Sendable {
    package let year: Int
    /// The organizations in the order of their codes.
    let rows: [PublishedRow]
    /// The official publications up to this year, by year, sorted by code.
    let years: [Int: [Accountability_V1_Publication]]
    /// The frameworks in force, whose bands and points the products print.
    let frameworks: FrameworkSet
    private let byCode: [Int: [String: Accountability_V1_Publication]]

    /// The indicators of the year's framework; every one without a framework.
    var indicators: [Indicator] {
        let framework = try? frameworks.ifCovered(schoolYear: year)
        return Indicator.allCases.filter { indicator in
            framework.map { framework in GradeSpan.allCases.contains { framework.has(indicator, $0) } } ?? true
        }
    }

    /// The school years of which anything is official.
    package static func officialYears(_ publications: [Accountability_V1_Publication]) -> [Int] {
        Set(publications.filter(\.isOfficial).map { Int($0.schoolYear) }).sorted()
    }

    /// Collects the official publications; nil if the year has none.
    ///
    /// Of a withdrawn publication nothing is taken.
    ///
    /// - Parameters:
    ///   - publications: those on record.
    ///   - year: the school year of the products.
    ///   - frameworks: the frameworks in force.
    package init?(
        _ publications: [Accountability_V1_Publication],
        year: Int,
        frameworks: FrameworkSet = .builtIn
    ) {
        var years: [Int: [Accountability_V1_Publication]] = [:]
        for publication in publications where publication.isOfficial && Int(publication.schoolYear) <= year {
            years[Int(publication.schoolYear), default: []].append(publication)
        }
        years = years.mapValues { $0.sorted { $0.orgCode < $1.orgCode } }
        guard let own = years[year], !own.isEmpty else { return nil }
        func byCode(_ publications: [Accountability_V1_Publication]) -> [String: Accountability_V1_Publication] {
            Dictionary(publications.map { ($0.orgCode, $0) }) { first, _ in first }
        }
        let codes = byCode(own)
        let indexed = years.mapValues(byCode)
        let before = indexed[year - 1] ?? [:]
        var schools: [String: Int] = [:]
        for publication in own where publication.type == .school { schools[publication.districtCode, default: 0] += 1 }
        self.year = year
        self.years = years
        self.frameworks = frameworks
        self.byCode = indexed
        rows = own.map { publication in
            PublishedRow(
                publication: publication,
                district: codes[publication.districtCode],
                before: before[Self.code(of: publication, in: year - 1)],
                schools: schools[publication.districtCode] ?? 0,
                frameworks: frameworks
            )
        }
    }

    /// The publications of an organization over the years, the oldest first: before a change of the organization, those
    /// of the code whose history it took.
    package func history(of publication: Accountability_V1_Publication) -> [Accountability_V1_Publication] {
        var found: [Accountability_V1_Publication] = []
        for year in byCode.keys.sorted(by: >) {
            let code = found.last.map { Self.code(of: $0, in: year) } ?? publication.orgCode
            if let own = byCode[year]?[code] { found.append(own) }
        }
        return found.reversed()
    }

    /// The code under which the results of an earlier school year stand.
    private static func code(of publication: Accountability_V1_Publication, in year: Int) -> String {
        FormerCodes(of: publication)?.code(in: year).description ?? publication.orgCode
    }

    var schools: [PublishedRow] { rows.filter { $0.publication.type == .school } }
    var districts: [PublishedRow] { rows.filter(\.isDistrict) }

    /// When the newest of its publications was issued, milliseconds since 1970: the time that the products bear.
    package var issued: Int64 { rows.map(\.publication.issuedUnixMilliseconds).max() ?? 0 }
}

extension Accountability_V1_Publication {
    /// Whether it has results and is not a withdrawal.
    package var isOfficial: Bool { status == PublicationStatus.official.rawValue }
}
