using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>What the world holds against a cluster, as opposed to what a core holds against itself.</summary>
internal static class Violation
{
    /// <exception cref="InvariantViolationException"><paramref name="holds"/> is false.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Unless<TLeft, TRight>([DoesNotReturnIf(false)] bool holds, string rule, TLeft left, TRight right)
    {
        if (!holds)
        {
            Fail($"not so: {rule} ({left}; {right})");
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Fail(string text) => throw new InvariantViolationException(text);
}
