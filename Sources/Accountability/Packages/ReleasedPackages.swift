internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// The packages of a folder, for a release that carries their root.
struct ReleasedPackages {
    let folder: String
    let list: PackageList

    /// - Throws: `Failure` if the folder has no list of packages.
    init(_ folder: String) throws {
        self.folder = folder
        let place = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(PackageList.name)
        guard let data = FileManager.default.contents(atPath: place.path),
            let list = PackageJSON.value(PackageList.self, Array(data))
        else {
            throw Failure(
                .badInput,
                "\(folder) has no \(PackageList.name) as `accountability package` writes it; nothing was done: make the packages first"
            )
        }
        self.list = list
    }

    /// Refuses packages that are incomplete or do not match the current determinations.
    ///
    /// - Throws: `Failure` that names what differs.
    func check(_ year: Int, _ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let standing = try reader.table(TableTopics.determinations) {
            $0.schoolYear == year && $0.organization != .state
        }
        try check(year, standing.map(\.message))
    }

    /// The same against these determinations.
    func check(_ year: Int, _ determinations: [Accountability_V1_Determination]) throws {
        func refuse(_ text: String) -> Failure {
            Failure(
                .badInput,
                "\(text); nothing was released: make the packages again with `accountability package \(year)`"
            )
        }
        guard list.schoolYear == year else { throw refuse("\(folder) has the packages of \(list.schoolYear)") }
        var packaged: [String: Accountability_V1_Determination] = [:]
        for (place, district) in list.districts.enumerated() {
            let files = try PackageFolder.files("\(folder)/\(district)")
            var check = PackageCheck(files, district: OrganizationCode(district), year: year)
            check.compare(root: list.root, of: PackageList.name)
            if let fault = check.findings.first(where: { $0.result == .fails }) {
                throw refuse("the package of \(district) does not hold: \(fault.place) \(fault.text)")
            }
            guard let proof = files[DistrictPackage.Name.proof].flatMap({ PackageJSON.value(PackageProof.self, $0) }),
                proof.leaf == place, proof.leaves == list.districts.count
            else { throw refuse("the package of \(district) is not leaf \(place + 1) of \(list.districts.count)") }
            for (code, determination) in check.determinations { packaged[code] = determination.determination }
        }
        for determination in determinations.sorted(by: { $0.orgCode < $1.orgCode }) {
            let code = determination.orgCode
            guard let own = packaged.removeValue(forKey: code) else {
                throw refuse("the determination of \(code) is in no package")
            }
            guard try MessageJSON.line(own) == MessageJSON.line(determination.withoutRelease) else {
                throw refuse("the determination of \(code) differs from the one in its package")
            }
        }
        if let code = packaged.keys.min() {
            throw refuse("a package has a determination of \(code), but there is none now")
        }
    }
}
