package import Messages
internal import Rules

/// A publication with its related publications.
package struct PublishedRow: Sendable {
    let publication: Accountability_V1_Publication
    /// That of its district.
    let district: Accountability_V1_Publication?
    /// The publication of the year before, if that is official too.
    let before: Accountability_V1_Publication?
    /// How many schools of the district are published.
    let schools: Int

    /// A publication with its related publications.
    package init(
        publication: Accountability_V1_Publication,
        district: Accountability_V1_Publication?,
        before: Accountability_V1_Publication?,
        schools: Int
    ) {
        self.publication = publication
        self.district = district
        self.before = before
        self.schools = schools
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

    /// The school years of which anything is official.
    package static func officialYears(_ publications: [Accountability_V1_Publication]) -> [Int] {
        Set(publications.filter(\.isOfficial).map { Int($0.schoolYear) }).sorted()
    }

    /// Collects the official publications; nil if the year has none.
    ///
    /// Of a withdrawn publication nothing is taken.
    package init?(_ publications: [Accountability_V1_Publication], year: Int) {
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
        let before = byCode(years[year - 1] ?? [])
        var schools: [String: Int] = [:]
        for publication in own where publication.type == .school { schools[publication.districtCode, default: 0] += 1 }
        self.year = year
        self.years = years
        rows = own.map { publication in
            PublishedRow(
                publication: publication,
                district: codes[publication.districtCode],
                before: before[publication.orgCode],
                schools: schools[publication.districtCode] ?? 0
            )
        }
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
