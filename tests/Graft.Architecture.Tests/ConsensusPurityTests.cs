using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Graft.Architecture.Tests;

/// <summary>
/// The core has no clock, disk, socket, thread, task or logger. BannedSymbols.txt says so of the source; these tests read the
/// compiled assembly, which also shows what the compiler adds: the Monitor behind a lock, the Interlocked behind an event, the
/// Environment behind an iterator, the Dictionary behind a ToDictionary.
/// </summary>
public sealed class ConsensusPurityTests
{
    private const string Core = "Graft.Consensus";

    /// <summary>Namespaces whose every type is banned, with all namespaces below them.</summary>
    private static readonly string[] BannedNamespaces =
    [
        "Microsoft",
        "System.Collections.Concurrent",
        "System.Collections.Frozen",
        "System.Diagnostics.Metrics",
        "System.Diagnostics.Tracing",
        "System.IO",
        "System.Net",
        "System.Security.Cryptography",
        "System.Threading",
        "System.Timers",
    ];

    private static readonly string[] BannedTypes =
    [
        "System.AppContext",
        "System.AppDomain",
        "System.Console",
        "System.DateTime",
        "System.DateTimeOffset",
        "System.Environment",
        "System.GC",
        "System.Guid",
        "System.HashCode",
        "System.Random",
        "System.ThreadStaticAttribute",
        "System.TimeProvider",
        "System.TimeZoneInfo",
        "System.WeakReference",
        "System.WeakReference`1",
        "System.Collections.Hashtable",
        "System.Collections.Generic.Dictionary`2",
        "System.Collections.Generic.HashSet`1",
        "System.Collections.Immutable.ImmutableDictionary",
        "System.Collections.Immutable.ImmutableDictionary`2",
        "System.Collections.Immutable.ImmutableHashSet",
        "System.Collections.Immutable.ImmutableHashSet`1",
        "System.Diagnostics.Activity",
        "System.Diagnostics.ActivitySource",
        "System.Diagnostics.Process",
        "System.Diagnostics.Stopwatch",
        "System.Diagnostics.Trace",
        "System.Runtime.CompilerServices.ConditionalWeakTable`2",
    ];

    /// <summary>
    /// Members of types that are otherwise welcome. The parameterless string.GetHashCode is compiled to a call of the one on
    /// object, so it cannot be told apart here and is left to the analyzers (RS0030, MA0021).
    /// </summary>
    private static readonly string[] BannedMembers =
    [
        "System.String.GetHashCode",
        "System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode",
        "System.Globalization.CultureInfo.get_CurrentCulture",
        "System.Globalization.CultureInfo.get_CurrentUICulture",
    ];

    [Fact]
    public void The_core_refers_to_no_banned_type()
    {
        using PEReader file = House.OpenAssembly(Core);
        MetadataReader metadata = file.GetMetadataReader();

        string[] types = [.. metadata.TypeReferences.Select(handle => FullName(metadata, handle))];

        Assert.Contains("System.Object", types);
        House.AssertNone(types.Where(IsBanned));
    }

    [Fact]
    public void The_core_refers_to_no_banned_member()
    {
        using PEReader file = House.OpenAssembly(Core);
        MetadataReader metadata = file.GetMetadataReader();

        string[] members = [.. metadata.MemberReferences.Select(handle => FullName(metadata, handle)).OfType<string>()];

        Assert.NotEmpty(members);
        House.AssertNone(members.Intersect(BannedMembers, StringComparer.Ordinal));
    }

    [Fact]
    public void The_core_rests_on_the_base_library_alone()
    {
        using PEReader file = House.OpenAssembly(Core);

        Assert.All(
            House.ReferencedAssemblies(file.GetMetadataReader()),
            name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void The_core_calls_no_native_code()
    {
        using PEReader file = House.OpenAssembly(Core);
        MetadataReader metadata = file.GetMetadataReader();

        int nativeLibraries = metadata.GetTableRowCount(TableIndex.ModuleRef);

        Assert.Equal(0, nativeLibraries);
    }

    [Theory] // the rule itself: a namespace bans what is below it and not what merely begins like it
    [InlineData("System.Threading.Tasks.Task`1", true)]
    [InlineData("System.IO.Stream", true)]
    [InlineData("System.Collections.Generic.Dictionary`2+Enumerator", true)]
    [InlineData("System.Int32", false)]
    [InlineData("System.Netting.Mesh", false)]
    [InlineData("System.Collections.Generic.SortedDictionary`2", false)]
    public void A_ban_covers_nested_names_and_no_neighbours(string type, bool banned) => Assert.Equal(banned, IsBanned(type));

    private static bool IsBanned(string type) =>
        BannedTypes.Any(banned => type == banned || type.StartsWith($"{banned}+", StringComparison.Ordinal))
        || BannedNamespaces.Any(banned => type.StartsWith($"{banned}.", StringComparison.Ordinal));

    private static string FullName(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        string name = metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return $"{FullName(metadata, (TypeReferenceHandle)type.ResolutionScope)}+{name}";
        }

        return $"{metadata.GetString(type.Namespace)}.{name}";
    }

    // Null for members of constructed generic types: their definition is a type reference, which is checked above.
    private static string? FullName(MetadataReader metadata, MemberReferenceHandle handle)
    {
        MemberReference member = metadata.GetMemberReference(handle);
        return member.Parent.Kind == HandleKind.TypeReference
            ? $"{FullName(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}"
            : null;
    }
}
