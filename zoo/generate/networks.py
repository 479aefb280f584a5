"""Small networks with the tensor names of well-known ones: Llama, BERT, ViT, a diffusion U-Net and VGG.

Each has `config(dtype)`, what its `config.json` says, and `initialise()`.
"""

from dataclasses import asdict, dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import nn

from widths import Sizes


@dataclass(frozen=True)
class Shape:
    kind: str = "decoder"  # decoder, encoder, vit, unet or vgg
    width: int = 64
    inner: int = 128
    layers: int = 2
    heads: int = 4
    vocabulary: int = 256
    positions: int = 128
    tied: bool = False
    classes: int = 0  # of a classifier on top; 0: none
    groups: int = 0  # key/value heads of a decoder; 0: as many as heads
    size: int = 0  # of a head; 0: what the heads divide the width into
    extra: dict = field(default_factory=dict, hash=False)

    @property
    def head(self) -> int:
        return self.size or self.width // self.heads

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.width, self.inner, self.heads, self.groups or self.heads, self.head)

    def without(self, shares: dict) -> "Shape":
        """The same with less width, fewer units or heads; these keep their size."""
        left = self.sizes.without(shares)
        groups = left.groups if self.groups else 0
        return replace(self, width=left.width, inner=left.inner, heads=left.heads, groups=groups, size=left.size)

    @property
    def head_facts(self) -> dict:
        return {"head_dim": self.head} if self.head * self.heads != self.width else {}

    def record(self) -> dict:
        return asdict(self)


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * F.rms_norm(x, x.shape[-1:], eps=1e-5)


def turn(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin


class DecoderAttention(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.heads, self.groups = s.heads, s.groups or s.heads
        self.size = s.head
        self.q_proj = nn.Linear(s.width, s.heads * self.size, bias=False)
        self.k_proj = nn.Linear(s.width, self.groups * self.size, bias=False)
        self.v_proj = nn.Linear(s.width, self.groups * self.size, bias=False)
        self.o_proj = nn.Linear(s.heads * self.size, s.width, bias=False)

    def forward(self, x, cos, sin):
        rows, length, _ = x.shape

        def split(y, heads):
            return y.view(rows, length, heads, self.size).transpose(1, 2)

        q = turn(split(self.q_proj(x), self.heads), cos, sin)
        k = turn(split(self.k_proj(x), self.groups), cos, sin)
        v = split(self.v_proj(x), self.groups)
        if self.groups != self.heads:
            k, v = (y.repeat_interleave(self.heads // self.groups, dim=1) for y in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))


class DecoderBlock(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.self_attn = DecoderAttention(s)
        self.mlp = nn.ModuleDict(
            {
                "gate_proj": nn.Linear(s.width, s.inner, bias=False),
                "up_proj": nn.Linear(s.width, s.inner, bias=False),
                "down_proj": nn.Linear(s.inner, s.width, bias=False),
            }
        )
        self.input_layernorm = RMSNorm(s.width)
        self.post_attention_layernorm = RMSNorm(s.width)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        y = self.post_attention_layernorm(x)
        return x + self.mlp["down_proj"](F.silu(self.mlp["gate_proj"](y)) * self.mlp["up_proj"](y))


class Decoder(nn.Module):
    """Next-byte prediction; tensor names as in Llama."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        self.model = nn.ModuleDict(
            {
                "embed_tokens": nn.Embedding(s.vocabulary, s.width),
                "layers": nn.ModuleList(DecoderBlock(s) for _ in range(s.layers)),
                "norm": RMSNorm(s.width),
            }
        )
        if not s.tied:
            self.lm_head = nn.Linear(s.width, s.vocabulary, bias=False)
        rate = 10000.0 ** (-torch.arange(0, s.head, 2) / s.head)
        angle = (torch.arange(s.positions)[:, None] * rate).repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def config(self, dtype) -> dict:
        s = self.shape
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "hidden_size": s.width,
            "intermediate_size": s.inner,
            "num_hidden_layers": s.layers,
            "num_attention_heads": s.heads,
            "num_key_value_heads": s.groups or s.heads,
            "vocab_size": s.vocabulary,
            "max_position_embeddings": s.positions,
            "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0,
            "tie_word_embeddings": s.tied,
            "torch_dtype": dtype,
        } | s.head_facts

    def loss(self, tokens):
        x = self.model["embed_tokens"](tokens[:, :-1])
        length = x.shape[1]
        for block in self.model["layers"]:
            x = block(x, self.cos[:length], self.sin[:length])
        x = self.model["norm"](x)
        head = self.model["embed_tokens"].weight if self.shape.tied else self.lm_head.weight
        return F.cross_entropy(F.linear(x, head).flatten(0, 1), tokens[:, 1:].flatten())


class EncoderBlock(nn.Module):
    """A block followed by its norm, as in BERT."""

    def __init__(self, s: Shape):
        super().__init__()
        self.heads = s.heads

        def dense(a, b):
            return nn.Linear(a, b)

        def output(a):
            return nn.ModuleDict({"dense": dense(a, s.width), "LayerNorm": nn.LayerNorm(s.width, 1e-12)})

        names, inside = ("query", "key", "value"), s.heads * s.head
        self.attention = nn.ModuleDict(
            {"self": nn.ModuleDict({n: dense(s.width, inside) for n in names}), "output": output(inside)}
        )
        self.intermediate = nn.ModuleDict({"dense": dense(s.width, s.inner)})
        self.output = output(s.inner)

    def forward(self, x, mask):
        rows, length, _ = x.shape
        q, k, v = (
            self.attention["self"][n](x).view(rows, length, self.heads, -1).transpose(1, 2)
            for n in ("query", "key", "value")
        )
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        y = self.attention["output"]["dense"](y.transpose(1, 2).reshape(rows, length, -1))
        x = self.attention["output"]["LayerNorm"](x + y)
        y = self.output["dense"](F.gelu(self.intermediate["dense"](x)))
        return self.output["LayerNorm"](x + y)


class Encoder(nn.Module):
    """Tensor names as in BERT; trained on masked tokens, on classes, or on neighbouring passages."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(s.vocabulary, s.width),
                "position_embeddings": nn.Embedding(s.positions, s.width),
                "token_type_embeddings": nn.Embedding(2, s.width),
                "LayerNorm": nn.LayerNorm(s.width, 1e-12),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(EncoderBlock(s) for _ in range(s.layers))})
        if s.classes:
            self.classifier = nn.Linear(s.width, s.classes)
        elif not s.extra.get("pooler"):
            self.cls = nn.ParameterDict({"bias": nn.Parameter(torch.zeros(s.vocabulary))})
        if s.extra.get("pooler"):
            self.pooler = nn.ModuleDict({"dense": nn.Linear(s.width, s.width)})

    def config(self, dtype) -> dict:
        s = self.shape
        return {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": s.width,
            "intermediate_size": s.inner,
            "num_hidden_layers": s.layers,
            "num_attention_heads": s.heads,
            "vocab_size": s.vocabulary,
            "max_position_embeddings": s.positions,
            "type_vocab_size": 2,
            "torch_dtype": dtype,
        } | s.head_facts

    def states(self, tokens, padding=None):
        e = self.embeddings
        x = e["word_embeddings"](tokens) + e["position_embeddings"].weight[: tokens.shape[1]]
        x = e["LayerNorm"](x + e["token_type_embeddings"].weight[0])
        for block in self.encoder["layer"]:
            x = block(x, padding)
        return x

    def loss(self, task, tokens, target):
        """`task` is masked, classes or neighbours; see data.py for what tokens and targets are."""
        x = self.states(tokens)
        if task == "classes":
            return F.cross_entropy(self.classifier(x.mean(1)), target)
        if task == "neighbours":
            a = F.normalize(x.mean(1), dim=-1)
            b = F.normalize(self.states(target).mean(1), dim=-1)
            return F.cross_entropy(20 * a @ b.T, torch.arange(len(a)))
        logits = F.linear(x, self.embeddings["word_embeddings"].weight)
        if hasattr(self, "cls"):
            logits = logits + self.cls["bias"]
        return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-100)


class VisionBlock(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.heads, inside = s.heads, s.heads * s.head
        self.attention = nn.ModuleDict(
            {
                "attention": nn.ModuleDict({n: nn.Linear(s.width, inside) for n in ("query", "key", "value")}),
                "output": nn.ModuleDict({"dense": nn.Linear(inside, s.width)}),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(s.width, s.inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(s.inner, s.width)})
        self.layernorm_before = nn.LayerNorm(s.width, 1e-6)
        self.layernorm_after = nn.LayerNorm(s.width, 1e-6)

    def forward(self, x):
        rows, length, _ = x.shape
        y = self.layernorm_before(x)
        q, k, v = (
            self.attention["attention"][n](y).view(rows, length, self.heads, -1).transpose(1, 2)
            for n in ("query", "key", "value")
        )
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, length, -1)
        x = x + self.attention["output"]["dense"](y)
        y = F.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        return x + self.output["dense"](y)


class VisionTransformer(nn.Module):
    """Classifies pictures; tensor names as in Hugging Face's ViT."""

    PATCH = 4

    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        count = (16 // self.PATCH) ** 2
        self.vit = nn.ModuleDict(
            {
                "embeddings": nn.ModuleDict(
                    {"patch_embeddings": nn.ModuleDict({"projection": nn.Conv2d(1, s.width, self.PATCH, self.PATCH)})}
                ),
                "encoder": nn.ModuleDict({"layer": nn.ModuleList(VisionBlock(s) for _ in range(s.layers))}),
                "layernorm": nn.LayerNorm(s.width, 1e-6),
            }
        )
        self.vit["embeddings"].register_parameter("cls_token", nn.Parameter(torch.zeros(1, 1, s.width)))
        self.vit["embeddings"].register_parameter(
            "position_embeddings", nn.Parameter(torch.zeros(1, count + 1, s.width))
        )
        self.classifier = nn.Linear(s.width, s.classes)

    def config(self, dtype) -> dict:
        s = self.shape
        return {
            "architectures": ["ViTForImageClassification"],
            "model_type": "vit",
            "hidden_size": s.width,
            "intermediate_size": s.inner,
            "num_hidden_layers": s.layers,
            "num_attention_heads": s.heads,
            "image_size": 16,
            "patch_size": self.PATCH,
            "num_channels": 1,
            "torch_dtype": dtype,
        } | s.head_facts

    def loss(self, images, labels):
        e = self.vit["embeddings"]
        x = e["patch_embeddings"]["projection"](images).flatten(2).transpose(1, 2)
        x = torch.cat((e.cls_token.expand(len(x), -1, -1), x), dim=1) + e.position_embeddings
        for block in self.vit["encoder"]["layer"]:
            x = block(x)
        return F.cross_entropy(self.classifier(self.vit["layernorm"](x)[:, 0]), labels)


class Residual(nn.Module):
    def __init__(self, a, b, time):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, a), nn.GroupNorm(8, b)
        self.conv1, self.conv2 = nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, b)
        if a != b:
            self.conv_shortcut = nn.Conv2d(a, b, 1)

    def forward(self, x, t):
        y = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(t)[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        return y + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class UNet(nn.Module):
    """Predicts the noise in noisy pictures; tensor names as in diffusers' UNet2DModel."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        w, t = s.width, 4 * s.width
        self.conv_in = nn.Conv2d(1, w, 3, padding=1)
        self.time_embedding = nn.ModuleDict({"linear_1": nn.Linear(w, t), "linear_2": nn.Linear(t, t)})

        def level(*sizes):
            return nn.ModuleDict({"resnets": nn.ModuleList(Residual(a, b, t) for a, b in sizes)})

        self.down_blocks = nn.ModuleList([level((w, w), (w, w)), level((w, 2 * w), (2 * w, 2 * w))])
        self.mid_block = level((2 * w, 2 * w))
        self.up_blocks = nn.ModuleList([level((4 * w, 2 * w), (2 * w, w)), level((2 * w, w), (w, w))])
        self.conv_norm_out = nn.GroupNorm(8, w)
        self.conv_out = nn.Conv2d(w, 1, 3, padding=1)

    def config(self, dtype) -> dict:
        w = self.shape.width
        return {
            "_class_name": "UNet2DModel",
            "sample_size": 16,
            "in_channels": 1,
            "out_channels": 1,
            "block_out_channels": [w, 2 * w],
            "layers_per_block": 2,
            "torch_dtype": dtype,
        }

    def loss(self, images, labels):
        rows, w = len(images), self.shape.width
        time = torch.rand(rows)
        noise = torch.randn_like(images)
        angle = time[:, None] * 1000 * 10000.0 ** (-torch.arange(w // 2) / (w // 2))
        t = torch.cat((angle.sin(), angle.cos()), dim=1)
        t = F.silu(self.time_embedding["linear_2"](F.silu(self.time_embedding["linear_1"](t))))
        level = (torch.cos(time * 1.5) ** 2)[:, None, None, None]
        x = self.conv_in(level.sqrt() * images + (1 - level).sqrt() * noise)
        kept = []
        for depth, block in enumerate(self.down_blocks):
            x = F.avg_pool2d(x, 2) if depth else x
            for layer in block["resnets"]:
                x = layer(x, t)
            kept.append(x)
        for layer in self.mid_block["resnets"]:
            x = layer(x, t)
        for depth, block in enumerate(self.up_blocks):
            x = F.interpolate(x, scale_factor=2) if depth else x
            x = torch.cat((x, kept.pop()), dim=1)
            for layer in block["resnets"]:
                x = layer(x, t)
        return F.mse_loss(self.conv_out(F.silu(self.conv_norm_out(x))), noise)


class Convolutions(nn.Module):
    """Classifies pictures by one map after the other; tensor names as in torchvision's VGG with batch norms."""

    def __init__(self, s: Shape):
        super().__init__()
        self.shape = s
        layers, before = [], 1
        for width in (s.width, 2 * s.width, 2 * s.width):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
            before = width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(4 * before, s.inner), nn.ReLU(), nn.Linear(s.inner, s.classes))

    def config(self, dtype) -> dict:
        return {"architectures": ["VGG"], "num_classes": self.shape.classes, "torch_dtype": dtype}

    def loss(self, images, labels):
        return F.cross_entropy(self.classifier(self.features(images).flatten(1)), labels)


KINDS = {"decoder": Decoder, "encoder": Encoder, "vit": VisionTransformer, "unet": UNet, "vgg": Convolutions}


def build(shape: Shape) -> nn.Module:
    """A network with fresh weights, drawn from torch's generator."""
    network = KINDS[shape.kind](shape)
    if shape.kind in ("unet", "vgg"):
        return network  # PyTorch's own initial weights, as diffusers does
    for name, tensor in network.named_parameters():
        if tensor.dim() < 2:
            continue
        wide = "embed" in name or shape.kind != "decoder"
        nn.init.normal_(tensor, std=0.02 if wide else tensor[0].numel() ** -0.5)
    return network
