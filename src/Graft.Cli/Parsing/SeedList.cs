using System.Collections.Immutable;
using Graft.Network;

namespace Graft.Cli;

/// <summary>Whom to ask, and who said so.</summary>
/// <param name="Addresses">At least one.</param>
/// <param name="Origin">The flag, the variable, or the default.</param>
internal sealed record SeedList(ImmutableArray<NodeAddress> Addresses, string Origin)
{
    internal const string Variable = "GRAFT_CLUSTER";
    internal const string Default = "127.0.0.1:8080";

    private const string ByFlag = "from -c";
    private const string ByDefault = "the default; -c or GRAFT_CLUSTER name another";

    internal NodeAddress First => Addresses[0];

    internal bool IsDefault => Origin == ByDefault;

    /// <summary>The flag counts before the variable, and that before the default.</summary>
    /// <param name="flags">The values of <c>-c</c>, each one address or several with commas.</param>
    /// <param name="variable">The value of <see cref="Variable"/>.</param>
    /// <exception cref="FailureException">One of them is no address.</exception>
    internal static SeedList Choose(IReadOnlyCollection<string> flags, string? variable)
    {
        if (flags.Count > 0)
        {
            return new SeedList([.. flags.SelectMany(flag => Read(flag, "-c"))], ByFlag);
        }

        return string.IsNullOrWhiteSpace(variable)
            ? new SeedList([NodeAddress.Parse(Default)], ByDefault)
            : new SeedList([.. Read(variable, Variable)], $"from {Variable}");
    }

    /// <summary>An address that was typed.</summary>
    /// <exception cref="FailureException">It's none.</exception>
    internal static NodeAddress ReadOne(string text, string source) =>
        NodeAddress.TryParse(text.Trim(), out NodeAddress address, out string error) && address.Port > 0
            ? address
            : throw new FailureException(new Failure(FailureCode.Usage, $"{source}: expected <host>:<port>, found '{text}'")
            {
                Facts = error.Length > 0 ? [error.TrimEnd('.')] : ["port 0 can't be called"],
            });

    public override string ToString() => string.Join(", ", Addresses);

    private static IEnumerable<NodeAddress> Read(string text, string source) => text.Split(',').Select(part => ReadOne(part, source));
}
