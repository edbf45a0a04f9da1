internal import Foundation
internal import Stages
internal import Streaming

/// The access list of an installation as commands and as JSON.
enum AccessCommands {
    /// Commands of Kafka's own `kafka-acls.sh`, one for each name and principal.
    static func shell(_ list: AccessList, brokers: String) -> String {
        var lines = [
            "#!/bin/sh",
            "# The least rights of every worker, of subscribers and of the operators' tool. Made by `accountability topics --acls` from the topic",
            "# catalogue and from what each stage declares. Needs Kafka's bin directory on the PATH and, where the cluster asks for it, the properties",
            "# of an administrator: COMMAND_CONFIG=admin.properties.",
            "set -eu",
            "acls() { kafka-acls.sh --bootstrap-server \"${BOOTSTRAP_SERVERS:-\(brokers)}\" ${COMMAND_CONFIG:+--command-config \"$COMMAND_CONFIG\"} --force --add \"$@\"; }",
        ]
        for principal in list.principals {
            lines += ["", "# \(principal.name): \(principal.purpose)"]
            for (place, rights) in places(of: principal) {
                let operations = rights.map { "--operation \($0.operation.rawValue)" }.joined(separator: " ")
                let pattern = place.isPrefix ? " --resource-pattern-type prefixed" : ""
                lines.append(
                    "acls --allow-principal 'User:\(principal.name)' \(operations) --\(place.resource.rawValue) '\(place.name)'\(pattern)"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same for programs: an array of principals, each with its rights.
    static func json(_ list: AccessList) throws -> String {
        struct Grant: Encodable {
            var resource: String
            var name: String
            var pattern: String
            var operations: [String]
        }
        struct Entry: Encodable {
            var principal: String
            var purpose: String
            var grants: [Grant]
        }
        let entries = list.principals.map { principal in
            Entry(
                principal: "User:\(principal.name)",
                purpose: principal.purpose,
                grants: places(of: principal)
                    .map { place, rights in
                        Grant(
                            resource: place.resource.rawValue,
                            name: place.name,
                            pattern: place.isPrefix ? "prefixed" : "literal",
                            operations: rights.map(\.operation.rawValue)
                        )
                    }
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n"
    }

    private struct Place: Hashable {
        var resource: AccessRight.Resource
        var name: String
        var isPrefix: Bool
    }

    /// The rights, grouped by what they apply to, in their order.
    private static func places(of principal: AccessList.Principal) -> [(Place, [AccessRight])] {
        var order: [Place] = []
        var rights: [Place: [AccessRight]] = [:]
        for right in principal.rights {
            let place = Place(resource: right.resource, name: right.name, isPrefix: right.isPrefix)
            if rights[place] == nil { order.append(place) }
            rights[place, default: []].append(right)
        }
        return order.map { ($0, rights[$0] ?? []) }
    }
}
