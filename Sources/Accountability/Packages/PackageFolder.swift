internal import Foundation
internal import Operating

/// A package on the disk.
enum PackageFolder {
    /// Every file below a folder, by its path from there.
    ///
    /// - Throws: `Failure` if there is no such folder.
    static func files(_ path: String) throws -> [String: [UInt8]] {
        let root = URL(fileURLWithPath: path, isDirectory: true)
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: root.path) else {
            throw Failure(
                .badInput,
                "\(path) is not a folder that can be read, so there is nothing to check: name a package"
            )
        }
        var files: [String: [UInt8]] = [:]
        for name in names.sorted() {
            let place = root.appendingPathComponent(name)
            if (try? place.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true { continue }
            guard let data = FileManager.default.contents(atPath: place.path) else {
                throw Failure(.badInput, "\(name) of \(path) cannot be read, so the package cannot be checked")
            }
            files[name] = Array(data)
        }
        return files
    }
}
