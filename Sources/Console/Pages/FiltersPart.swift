/// A form that filters a list.
///
/// It works without scripts.
struct FiltersPart {
    private(set) var fields: [[String: Any]] = []
    private var hidden: [[String: Any]] = []
    let action: String
    let clear: String?

    init(action: String, isNarrowed: Bool) {
        self.action = action
        clear = isNarrowed ? action : nil
    }

    /// Adds a hidden field, so that the form keeps a value.
    mutating func hide(_ name: String, _ value: String) { hidden.append(["hidden_name": name, "hidden_value": value]) }

    mutating func search(_ name: String, _ label: String, _ value: String?, hint: String) {
        fields.append(["text": ["id": "f-\(name)", "name": name, "label": label, "value": value ?? "", "hint": hint]])
    }

    mutating func choice(_ name: String, _ label: String, _ value: String?, any: String, _ options: [(String, String)])
    {
        let entries =
            [["value": "", "name": any, "selected": value == nil] as [String: Any]]
            + options.map { ["value": $0.0, "name": $0.1, "selected": $0.0 == value] as [String: Any] }
        fields.append([
            "choice": ["id": "f-\(name)", "name": name, "label": label, "options": entries] as [String: Any]
        ])
    }

    var context: [String: Any] {
        var context: [String: Any] = ["action": action, "fields": fields, "hidden": hidden]
        context["clear"] = clear
        return context
    }
}
