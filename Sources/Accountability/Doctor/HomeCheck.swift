internal import Foundation
internal import Operating
internal import Reading
internal import Stages
internal import Tables

/// The files and folders of an installation on this machine.
struct HomeCheck {
    let home: Home
    /// The time at which the age of files is judged.
    let now: Date

    /// After how many seconds a file in the inbox should have been taken, or at least be next.
    static let patience: TimeInterval = 300

    func findings() -> [Finding] {
        guard FileManager.default.fileExists(atPath: home.installationFile.path) else {
            return [
                .ok(
                    "installation",
                    home.directory.path,
                    "none was brought up on this machine; only the brokers are checked"
                )
            ]
        }
        return [key(), properties(), inbox(), spool()].compactMap { $0 } + oddities() + space()
    }

    private func key() -> Finding {
        let path = home.pseudonymKey.path
        do {
            _ = try PseudonymKey(contentsOf: path)
            return .ok("key of the pseudonyms", path, "readable only by its owner")
        } catch {
            return .problem(
                "key of the pseudonyms",
                path,
                error.message,
                "restore the key that the ledger was written with; another key would give every student a new pseudonym"
            )
        }
    }

    private func properties() -> Finding? {
        let path = home.clientProperties.path
        guard let mode = permissions(path) else { return nil }
        guard mode & 0o077 != 0 else { return .ok("client properties", path, "readable only by their owner") }
        return .problem(
            "client properties",
            path,
            "users other than their owner may use them (mode \(String(mode, radix: 8)))",
            "chmod 600 \(path), and change the secrets in it"
        )
    }

    private func inbox() -> Finding {
        let path = home.inbox.path
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            return .problem(
                "inbox",
                path,
                "it cannot be read",
                "make it a folder of the user that the ingestion worker runs as"
            )
        }
        // Links and folders are never taken, so they do not wait. They are among the oddities.
        let waiting = names.filter { isFile("\(path)/\($0)") }
            .filter {
                let name = $0.lowercased()
                return !name.hasPrefix(".")
                    && (name.hasSuffix(".data") || name.hasSuffix(".csv") || name.hasSuffix(".csv.gz"))
            }
        let old = waiting.filter { now.timeIntervalSince(changed("\(path)/\($0)") ?? now) > Self.patience }
        guard old.isEmpty else {
            return .problem(
                "inbox",
                path,
                "\(old.count) files wait for more than \(Int(Self.patience / 60)) minutes, such as "
                    + PlainText.escaped(old.sorted()[0], limit: 100),
                "read the log of the ingestion worker in \(home.logs.path); `accountability up` starts one"
            )
        }
        return .ok("inbox", path, waiting.isEmpty ? "empty" : "\(waiting.count) files wait")
    }

    private func isFile(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
    }

    /// What is in the inbox and is never taken, and what was set aside.
    private func oddities() -> [Finding] {
        guard FileManager.default.fileExists(atPath: home.inbox.path),
            let inbox = try? Inbox(directory: home.inbox.path), let oddities = try? inbox.oddities(now: now)
        else { return [] }
        var findings = oddities.map {
            Finding.warning("inbox", "\(home.inbox.path)/\($0.name)", $0.why, $0.remedy)
        }
        let aside = inbox.asideNames().count
        if aside > 0 {
            findings.append(
                .problem(
                    "inbox",
                    "\(home.inbox.path)/aside",
                    "\(aside) file\(aside == 1 ? " was" : "s were") set aside because taking \(aside == 1 ? "it" : "them") failed repeatedly",
                    "the receipts in \(home.inbox.path)/archive say why; delete the files afterwards: they contain identifiers"
                )
            )
        }
        return findings
    }

    private func spool() -> Finding {
        let path = home.spool.path
        let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
        guard type == .typeDirectory || type == .typeSymbolicLink else {
            return .problem(
                "spool",
                path,
                type == nil ? "it is not there" : "there is a file instead of the folder",
                "mv '\(path)' '\(path).old' if a file is there; mkdir -m 700 '\(path)'"
            )
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return .problem(
                "spool",
                path,
                "it cannot be written to",
                "make it a folder of the user that the notification worker runs as"
            )
        }
        return .ok("spool", path, "writable")
    }

    /// The least free space: what the largest file and the broker's next snapshot may take.
    private static let leastFree = 1 << 30

    /// Free space on the disks of the home, the inbox and the spool.
    private func space() -> [Finding] {
        var seen: Set<String> = []
        var findings: [Finding] = []
        for (what, folder) in [("home", home.directory), ("inbox", home.inbox), ("spool", home.spool)] {
            guard let values = try? FileManager.default.attributesOfFileSystem(forPath: folder.path),
                let free = (values[.systemFreeSize] as? NSNumber)?.int64Value
            else {
                findings.append(
                    .warning(
                        "disk",
                        folder.path,
                        "the free space of \(what) cannot be determined",
                        "df -h '\(folder.path)' shows it"
                    )
                )
                continue
            }
            // One finding for each disk.
            guard seen.insert("\((values[.systemNumber] as? NSNumber)?.int64Value ?? free)").inserted else { continue }
            let megabytes = "\(free >> 20) MB free"
            findings.append(
                free < Int64(Self.leastFree / 16)
                    ? .problem(
                        "disk",
                        folder.path,
                        megabytes,
                        "make room: nothing is taken and nothing is delivered on a full disk"
                    )
                    : free < Int64(Self.leastFree)
                        ? .warning(
                            "disk",
                            folder.path,
                            megabytes,
                            "make room before it is full: df -h '\(folder.path)'"
                        )
                        : .ok("disk", folder.path, megabytes)
            )
        }
        return findings
    }

    private func permissions(_ path: String) -> Int? {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? NSNumber)?.intValue
    }

    private func changed(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
}
