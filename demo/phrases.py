"""What customers ask and what the assistant answers, in Portuguese: the data of the observed service, not our texts."""

from typing import NamedTuple


class Topic(NamedTuple):
    """A reason to write to support, with ways to ask and the sentences of a full answer."""

    name: str
    questions: tuple[str, ...]
    answer: tuple[str, ...]


SYSTEM = (
    "Você é a assistente de atendimento da Loja Aurora. Responda em português, com cordialidade e precisão, "
    "usando somente a base de conhecimento. Nunca peça senhas. Ofereça o próximo passo ao final."
)

SYSTEM_DETAILED = (
    SYSTEM + " Explique cada passo em detalhes, com numeração, exceções e um resumo ao final, "
    "para que o cliente não precise escrever de novo."
)

PRODUCTS = (
    "cafeteira", "fone de ouvido", "tênis de corrida", "liquidificador", "mochila", "smartwatch",
    "jogo de panelas", "luminária", "teclado sem fio", "cadeira de escritório",
)  # fmt: skip

OPENINGS = ("Oi,", "Olá!", "Bom dia,", "Boa tarde,", "Preciso de ajuda:", "Por favor,", "Então,")

TOPICS = (
    Topic(
        "entrega",
        (
            "meu pedido de {product} está atrasado, quando chega?",
            "comprei {product} faz {days} dias e ainda não recebi nada.",
            "o rastreio do pedido {order} não atualiza há {days} dias.",
        ),
        (
            "Entendo a sua preocupação com a entrega e já consultei o pedido {order}.",
            "A transportadora registrou a saída do centro de distribuição e a previsão é de até {days} dias úteis.",
            "Você pode acompanhar cada etapa em Meus pedidos, na opção Rastrear.",
            "Se o prazo vencer sem atualização, abrimos uma contestação com a transportadora em nosso nome.",
            "Nesse caso você escolhe entre o reenvio do produto e o reembolso integral.",
            "Também é possível alterar o endereço enquanto o pacote não tiver saído para entrega.",
            "Posso ativar avisos por mensagem para este pedido?",
        ),
    ),
    Topic(
        "troca",
        (
            "recebi {product} com defeito, como faço a troca?",
            "quero devolver {product}, me arrependi da compra.",
            "a caixa de {product} chegou aberta, o que eu faço?",
        ),
        (
            "Sinto muito pelo transtorno com {product}.",
            "A devolução por arrependimento pode ser pedida em até 7 dias depois do recebimento.",
            "Para defeito, a garantia legal é de 90 dias e a coleta é gratuita.",
            "Acesse Meus pedidos, escolha o item e toque em Trocar ou devolver.",
            "Embale o produto com todos os acessórios e a nota fiscal; a etiqueta chega por e-mail.",
            "Depois da conferência, o estorno aparece em até {days} dias úteis na mesma forma de pagamento.",
            "Quer que eu agende a coleta para amanhã?",
        ),
    ),
    Topic(
        "cobranca",
        (
            "fui cobrado duas vezes pelo pedido {order}.",
            "o boleto do pedido {order} venceu, consigo outro?",
            "o desconto do cupom não entrou na compra de {product}.",
        ),
        (
            "Verifiquei os lançamentos do pedido {order} e encontrei uma autorização duplicada.",
            "Ela não é uma segunda cobrança: o banco a cancela sozinho em até {days} dias úteis.",
            "Se ela aparecer na fatura fechada, envie o comprovante por aqui e fazemos o estorno.",
            "Boletos vencidos são substituídos em Meus pedidos, na opção Segunda via.",
            "Cupons valem para um único pedido e não se acumulam com outras ofertas.",
            "Se o cupom estava válido no momento da compra, creditamos a diferença em vale-compras.",
            "Deseja que eu registre a solicitação agora?",
        ),
    ),
    Topic(
        "conta",
        (
            "não consigo entrar na minha conta, diz que a senha está errada.",
            "como troco o telefone do meu cadastro?",
            "quero apagar os meus dados da loja.",
        ),
        (
            "Vamos resolver o acesso à sua conta com segurança.",
            "Na tela de entrada, toque em Esqueci a senha e siga o link enviado ao seu e-mail cadastrado.",
            "O link vale por 30 minutos; confira também a caixa de spam.",
            "Para trocar o telefone, entre em Perfil, Dados pessoais, e confirme pelo código enviado ao número novo.",
            "Se você não tem mais o número antigo, a confirmação é feita por documento.",
            "Pedidos de exclusão de dados são concluídos em até {days} dias, como manda a LGPD.",
            "Posso enviar o link de recuperação agora?",
        ),
    ),
    Topic(
        "produto",
        (
            "{product} tem garantia de quanto tempo?",
            "vocês têm {product} em outra cor?",
            "qual a diferença entre os modelos de {product}?",
        ),
        (
            "Boa pergunta sobre {product}!",
            "A garantia do fabricante é de 12 meses, além dos 90 dias legais.",
            "As cores disponíveis aparecem na página do produto; as esgotadas ficam em cinza.",
            "O modelo básico atende bem ao uso diário e o avançado traz mais potência e acessórios.",
            "Os dois têm a mesma assistência técnica e peças de reposição.",
            "Se preferir, comparamos os dois lado a lado na página de comparação.",
            "Quer que eu avise quando a cor desejada voltar ao estoque?",
        ),
    ),
)

# What a longer answer adds, whatever the topic.
DETAILS = (
    "Para a sua segurança, confirme sempre se o endereço do site começa com lojaaurora.example.",
    "O número do pedido aparece no e-mail de confirmação e também no topo da página Meus pedidos.",
    "Se estiver usando o aplicativo, verifique antes se ele está na versão mais recente.",
    "Em feriados nacionais e regionais os prazos contam somente os dias úteis.",
    "Guarde o número deste atendimento, pois ele permite retomar a conversa de onde parou.",
    "Compras feitas com vale-compras voltam primeiro para o saldo do vale e depois para o cartão.",
    "Produtos vendidos por parceiros seguem o mesmo processo, com um dia útil a mais para a análise.",
    "Se houver mais de um item no pedido, cada um pode ter um prazo e uma transportadora diferentes.",
    "Você também pode falar com uma pessoa da equipe todos os dias, das 8h às 22h.",
    "Fotos do produto e da embalagem ajudam a concluir a análise no mesmo dia.",
    "Caso prefira retirar na loja, basta escolher a unidade mais próxima e levar um documento com foto.",
    "Assim que houver novidade, avisamos por e-mail e pelo aplicativo, sem que você precise perguntar de novo.",
    "Para itens volumosos, a entrega é agendada e alguém maior de idade precisa estar no local.",
    "Se algo não sair como combinado, responda a esta mensagem e retomamos o caso com prioridade.",
)

PRAISE = ("Resolveu rápido, obrigada!", "Muito claro.", "Ótimo atendimento.", "Era isso que eu precisava.", "Perfeito.")
COMPLAINTS = ("Não era isso que perguntei.", "Resposta genérica.", "Prefiro falar com uma pessoa.", "Não ajudou.")
CUT_OFF = (
    "A resposta parou no meio da frase.",
    "Faltou o final, não sei o que fazer.",
    "Cortou bem na hora do passo 3.",
    "Veio incompleta de novo.",
    "Tive que perguntar três vezes e nunca termina.",
)
