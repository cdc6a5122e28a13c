using System.Globalization;
using Graft;
using Graft.Network;

/// <summary>Tiny Raft's environment variables, in Graft's terms.</summary>
internal static class TinyRaft
{
    /// <exception cref="FormatException">A value can't be read; the message names its variable.</exception>
    internal static NodeOptions ReadOptions(Func<string, string?> variable)
    {
        string listen = Read("NODE_LISTEN_ADDR") ?? ":50051";
        var options = new NodeOptions
        {
            // A name is case-sensitive, on this disk too: it isn't lowered.
            DataDirectory = Read("RAFT_DATA_DIR") ?? "data",
            Listen = Address("NODE_LISTEN_ADDR", listen, everywhere: "0.0.0.0"),

            // What has no host can be reached on this machine only: say where, if there are others.
            Advertised = Address("NODE_ADVERTISE_ADDR", Read("NODE_ADVERTISE_ADDR") ?? listen, everywhere: "127.0.0.1"),
            Found = IsTrue("RAFT_BOOTSTRAP"),
            JoinAs = IsTrue("RAFT_VOTER") ? MemberKind.Voter : MemberKind.Learner,
            ElectionTimeout = TimeSpan.FromMilliseconds(Number("RAFT_TIMEOUT_MS", 3000)),
        };
        foreach (string address in (Read("RAFT_JOIN") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            options.Join.Add(Address("RAFT_JOIN", address, everywhere: "127.0.0.1"));
        }

        // Port 0 is chosen at the start, so what is advertised is what was chosen.
        options.Advertised = options.Advertised is { Port: 0 } ? null : options.Advertised;
        return options;

        string? Read(string name) => variable(name) is { Length: > 0 } text ? text : null;

        bool IsTrue(string name) => string.Equals(Read(name), "true", StringComparison.OrdinalIgnoreCase);

        int Number(string name, int otherwise) => Read(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number
            : throw new FormatException($"{name}: '{text}' is no whole number.");
    }

    // As Go has it: an address without a host is that of every interface.
    private static NodeAddress Address(string name, string text, string everywhere) =>
        NodeAddress.TryParse(text.StartsWith(':') ? everywhere + text : text, out NodeAddress address, out string error) ? address
        : throw new FormatException($"{name}: {error}");
}
