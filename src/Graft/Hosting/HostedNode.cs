namespace Graft;

/// <summary>The node of a host, once it's up.</summary>
internal sealed class HostedNode
{
    private GraftNode? _node;

    internal GraftNode? Node
    {
        get => Volatile.Read(ref _node);
        set => Volatile.Write(ref _node, value);
    }
}
